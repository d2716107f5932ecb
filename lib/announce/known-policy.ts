/**
 * The policy that routes are announced by. One that can't be read, or is not there, changes nothing: the former stays in force as long as this process lives.
 */
import type { BgpConfObject } from '../api/bgp/bgp-types.ts';
import { keyFor } from '../api/meta/object.ts';
import { type ConfigMap, type FoundPolicy, findPolicy, type PolicyProblem } from '../api/policy/find-policy.ts';
import type { RoutePolicy } from '../api/policy/route-policy.ts';

export interface PolicyInForce {
  /** Absent where every route is announced as it is. */
  readonly policy?: RoutePolicy;
  /** Why it is not the one that the BgpConf names. */
  readonly problem?: PolicyProblem;
  /** There is a problem, and what was in force before is not known. */
  readonly isUnknown: boolean;
}

/** By `namespace/name`. */
interface ConfigMaps {
  get(key: string): ConfigMap | undefined;
}

const NO_POLICY: PolicyInForce = { isUnknown: false };

export class KnownPolicy {
  readonly #namespace: string;
  #read: { readonly key: string; readonly configMap: ConfigMap | undefined; readonly found: FoundPolicy } | undefined;
  #inForce: PolicyInForce | undefined;

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  take(conf: BgpConfObject | undefined, configMaps: ConfigMaps): PolicyInForce {
    const name = conf?.spec?.policy;
    if (!conf || typeof name !== 'string' || name === '') {
      this.#inForce = NO_POLICY;
      return NO_POLICY;
    }
    const found = this.#find(keyFor(this.#namespace, name), configMaps);
    if (!found.ok) {
      const { reason, message } = found;
      return { isUnknown: !this.#inForce, ...this.#inForce, problem: { reason, message } };
    }
    this.#inForce = { policy: found.policy, isUnknown: false };
    return this.#inForce;
  }

  /** Read once for each version of the ConfigMap. */
  #find(key: string, configMaps: ConfigMaps): FoundPolicy {
    const configMap = configMaps.get(key);
    if (this.#read?.key !== key || this.#read.configMap !== configMap) {
      this.#read = { key, configMap, found: findPolicy(key, configMap) };
    }
    return this.#read.found;
  }
}
