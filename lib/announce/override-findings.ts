/** Why annotations of a Service for BGP have no effect, in sentences that the webhook warns with and the allocator writes into a condition. */
import { type Eip, isLayer2 } from '../api/eip/eip.ts';
import { SERVICE_ANNOTATIONS } from '../api/keys.ts';
import { keyOf } from '../api/meta/object.ts';
import { formatProblem } from '../api/problem.ts';
import type { Reason } from '../api/reasons.ts';
import { parseRouteOverrides, type RouteOverrides } from '../api/service/route-overrides.ts';
import type { Service } from '../api/service/service.ts';
import { disallowedOverrides, oldestOf } from './route-terms.ts';

export interface OverrideFinding {
  readonly reason: Extract<Reason, 'InvalidRequest' | 'OverrideNotAllowed' | 'OlderServiceDecides'>;
  readonly message: string;
}

/** An address of the Service. */
export interface OverriddenAddress {
  readonly eip: Eip;
  /** The Services that publish the address, as far as they are known. */
  readonly sharers: readonly Service[];
}

export function overrideFindings(service: Service, addresses: readonly OverriddenAddress[]): OverrideFinding[] {
  const parsed = parseRouteOverrides(service);
  const isSilent = parsed.problems.length === 0 && Object.keys(parsed.overrides).length === 0;
  if (isSilent) return [];
  const eips = [...new Map(addresses.map(({ eip }) => [eip.name, eip])).values()];
  return [
    ...parsed.problems.map(
      (problem): OverrideFinding => ({ reason: 'InvalidRequest', message: formatProblem(problem) }),
    ),
    ...eips.flatMap((eip) => notAllowed(eip, parsed.overrides)),
    ...outranked(service, parsed.overrides, addresses),
  ];
}

function notAllowed(eip: Eip, overrides: RouteOverrides): OverrideFinding[] {
  return disallowedOverrides(eip.bgp, { overrides }).map((field) => {
    const [key] = SERVICE_ANNOTATIONS[field];
    const why = isLayer2(eip)
      ? `Eip ${eip.name} has protocol ${eip.protocol}, which has no routes; remove the annotation`
      : `Eip ${eip.name} does not allow it; set its spec.bgp.allowServiceOverrides.${field}: true, or remove the annotation`;
    return { reason: 'OverrideNotAllowed', message: `${key} has no effect: ${why}` };
  });
}

/** The first address with an older Service: one sentence is enough to begin with. */
function outranked(
  service: Service,
  overrides: RouteOverrides,
  addresses: readonly OverriddenAddress[],
): OverrideFinding[] {
  const text = JSON.stringify(overrides);
  for (const { sharers } of addresses) {
    const oldest = oldestOf([service, ...sharers]);
    if (keyOf(oldest) === keyOf(service) || JSON.stringify(parseRouteOverrides(oldest).overrides) === text) continue;
    const message = `of the Services that share the address, ${keyOf(oldest)} is the oldest, and its annotations for BGP count; write the same ones, or give this Service an address of its own`;
    return [{ reason: 'OlderServiceDecides', message }];
  }
  return [];
}
