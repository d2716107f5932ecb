/** The condition `skycap.io/RouteOverrides` of a Service: annotations for BGP that have no effect, and why. PURE. */
import type { OverrideFinding } from '../../lib/announce/override-findings.ts';
import { ROUTE_OVERRIDES_CONDITION } from '../../lib/api/keys.ts';
import type { ConditionUpdate } from '../../lib/api/meta/conditions.ts';

/** @returns undefined if every annotation has its effect. */
export function routeOverridesCondition(findings: readonly OverrideFinding[]): ConditionUpdate | undefined {
  const [first] = findings;
  if (!first) return undefined;
  const message = findings.map((one) => one.message).join('; ');
  return { type: ROUTE_OVERRIDES_CONDITION, status: 'False', reason: first.reason, message };
}
