/** The policy that a BgpConf names, in its ConfigMap: as OpenELB has it, in Skycap's namespace under the key `gobgp.conf`. */
import { type KubeObject, pick } from '../meta/object.ts';
import { formatProblems, type Problem } from '../problem.ts';
import { type NotedPolicy, parseRoutePolicy } from './parse-route-policy.ts';
import { POLICY_KEY } from './toml/section.ts';

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export interface PolicyProblem {
  readonly reason: 'PolicyNotFound' | 'PolicyInvalid';
  readonly message: string;
}

export type FoundPolicy = ({ readonly ok: true } & NotedPolicy) | ({ readonly ok: false } & PolicyProblem);

/** @param key `namespace/name` of the ConfigMap, which is there or not. */
export function findPolicy(key: string, configMap: ConfigMap | undefined): FoundPolicy {
  const text = configMap?.data?.[POLICY_KEY];
  if (text === undefined) {
    const message = configMap
      ? `ConfigMap ${key} has no key ${POLICY_KEY}; write the policy there`
      : `there is no ConfigMap ${key}; create it, or remove spec.policy from the BgpConf`;
    return { ok: false, reason: 'PolicyNotFound', message };
  }
  const parsed = parseRoutePolicy(text);
  if (parsed.ok) return { ok: true, ...parsed.value };
  return { ok: false, reason: 'PolicyInvalid', message: `ConfigMap ${key}: ${formatProblems(parsed.problems)}` };
}

export function policyProblems(configMap: ConfigMap): readonly Problem[] {
  const parsed = parseRoutePolicy(configMap.data?.[POLICY_KEY] ?? '');
  return parsed.ok ? [] : parsed.problems;
}

/** A cache keeps this of a ConfigMap. */
export function onlyPolicy({ metadata, data }: ConfigMap): ConfigMap {
  return {
    metadata: pick(metadata, ['name', 'namespace', 'uid', 'resourceVersion']),
    ...(data?.[POLICY_KEY] !== undefined && { data: pick(data, [POLICY_KEY]) }),
  };
}

/** Nothing but its version is another. */
export function samePolicy(a: ConfigMap, b: ConfigMap): boolean {
  return a.metadata.uid === b.metadata.uid && a.data?.[POLICY_KEY] === b.data?.[POLICY_KEY];
}
