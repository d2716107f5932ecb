/** The caches, filled from the API server: one list and one watch a kind. */
import type { Registry } from 'prom-client';
import type { KubeObject } from '../lib/api/object.ts';
import type { KubeWatcher } from '../lib/kube/client.ts';
import { Reflector } from '../lib/kube/reflector.ts';
import {
  BGP_CONFS,
  BGP_PEERS,
  EIP_CLAIMS,
  EIPS,
  NAMESPACES,
  type Resource,
  SERVICES,
  SPEAKERS,
} from '../lib/kube/resource.ts';
import type { Logger } from '../lib/process/log.ts';
import type { Stores } from './stores.ts';

export interface Reflectors {
  readonly stores: Stores;
  readonly byName: Readonly<Record<string, Reflector<KubeObject>>>;
  /** Resolves when `signal` has aborted. */
  run(signal: AbortSignal): Promise<void>;
  waitForSync(signal: AbortSignal): Promise<void>;
}

export function createReflectors(client: KubeWatcher, log: Logger, registry?: Registry): Reflectors {
  const byName: Record<string, Reflector<KubeObject>> = {};
  const reflect = <T extends KubeObject>(resource: Resource<T>, fieldSelector?: string): Reflector<T> => {
    const reflector = new Reflector<T>({
      client,
      resource,
      ...(fieldSelector && { fieldSelector }),
      log,
      ...(registry && { registry }),
    });
    byName[resource.plural] = reflector as unknown as Reflector<KubeObject>;
    return reflector;
  };
  const stores: Stores = {
    // The only Services that can be ours: memory and traffic follow their number, not the size of the cluster.
    services: reflect(SERVICES, 'spec.type=LoadBalancer'),
    namespaces: reflect(NAMESPACES),
    eips: reflect(EIPS),
    claims: reflect(EIP_CLAIMS),
    bgpPeers: reflect(BGP_PEERS),
    bgpConfs: reflect(BGP_CONFS),
    speakers: reflect(SPEAKERS),
  };
  const all = Object.values(byName);
  return {
    stores,
    byName,
    run: async (signal) => void (await Promise.all(all.map((reflector) => reflector.run(signal)))),
    waitForSync: async (signal) => void (await Promise.all(all.map((reflector) => reflector.waitForSync(signal)))),
  };
}
