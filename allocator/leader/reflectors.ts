/** The caches, filled from the API server: one list and one watch a kind. */
import type { Registry } from 'prom-client';
import { FOREIGN_SLICES, LABELLED_SLICES } from '../../lib/announce/slices.ts';
import { sameTrimmed, trimNode, trimPod, trimSlice } from '../../lib/announce/trim-objects.ts';
import type { KubeObject } from '../../lib/api/meta/object.ts';
import { onlyPolicy, samePolicy } from '../../lib/api/policy/find-policy.ts';
import type { Node } from '../../lib/api/service/service.ts';
import { addressesOfNode } from '../../lib/ipam/pools/reserved.ts';
import { Reflector, type ReflectorOptions } from '../../lib/kube/cache/reflector.ts';
import type { KubeWatcher } from '../../lib/kube/client.ts';
import {
  BGP_CONFS,
  BGP_PEERS,
  CONFIG_MAPS,
  EIP_CLAIMS,
  EIPS,
  ENDPOINT_SLICES,
  NAMESPACES,
  NODES,
  PODS,
  type Resource,
  SERVICE_CIDRS,
  SERVICES,
  SPEAKERS,
} from '../../lib/kube/resource.ts';
import type { Logger } from '../../lib/process/log.ts';
import { SPEAKER_PODS } from '../../lib/reach/heard-speaker.ts';
import { ReachableSpeakers } from '../cluster/reachable-speakers.ts';
import type { Stores } from '../cluster/stores.ts';

export interface Reflectors {
  readonly stores: Stores;
  readonly byName: Readonly<Record<string, Reflector<KubeObject>>>;
  /** Resolves when `signal` has aborted. */
  run(signal: AbortSignal): Promise<void>;
  waitForSync(signal: AbortSignal): Promise<void>;
}

type Selected<T extends KubeObject> = Pick<
  ReflectorOptions<T>,
  'namespace' | 'fieldSelector' | 'labelSelector' | 'transform' | 'isSame' | 'name' | 'optional'
>;

/** @param namespace of the speakers, and of the policy. */
export function createReflectors(client: KubeWatcher, namespace: string, log: Logger, registry?: Registry): Reflectors {
  const byName: Record<string, Reflector<KubeObject>> = {};
  const reflect = <T extends KubeObject>(resource: Resource<T>, options: Selected<T> = {}): Reflector<T> => {
    const reflector = new Reflector<T>({ client, resource, ...options, log, ...(registry && { registry }) });
    byName[options.name ?? resource.plural] = reflector as unknown as Reflector<KubeObject>;
    return reflector;
  };
  const slices = { transform: trimSlice, isSame: sameTrimmed };
  const nodes = reflect(NODES, { transform: trimmedNode, isSame: sameTrimmed });
  const pods = reflect(PODS, { namespace, labelSelector: SPEAKER_PODS, transform: trimPod, isSame: sameTrimmed });
  const stores: Stores = {
    // The only Services that can be ours: memory and traffic follow their number, not the size of the cluster.
    services: reflect(SERVICES, { fieldSelector: 'spec.type=LoadBalancer' }),
    labelledSlices: reflect(ENDPOINT_SLICES, { ...slices, labelSelector: LABELLED_SLICES }),
    foreignSlices: reflect(ENDPOINT_SLICES, {
      ...slices,
      labelSelector: FOREIGN_SLICES,
      name: 'endpointslices-foreign',
    }),
    namespaces: reflect(NAMESPACES),
    nodes,
    eips: reflect(EIPS),
    claims: reflect(EIP_CLAIMS),
    bgpPeers: reflect(BGP_PEERS),
    bgpConfs: reflect(BGP_CONFS),
    configMaps: reflect(CONFIG_MAPS, { namespace, transform: onlyPolicy, isSame: samePolicy }),
    serviceCidrs: reflect(SERVICE_CIDRS, { optional: true }),
    speakers: new ReachableSpeakers({ said: reflect(SPEAKERS), nodes, pods }, log),
  };
  const all = Object.values(byName);
  return {
    stores,
    byName,
    run: async (signal) => void (await Promise.all(all.map((reflector) => reflector.run(signal)))),
    waitForSync: async (signal) => void (await Promise.all(all.map((reflector) => reflector.waitForSync(signal)))),
  };
}

/** The nodes that may announce, the lost nodes, and the addresses of nodes. */
function trimmedNode(node: Node): Node {
  const slim = trimNode(node);
  const { spec, status } = addressesOfNode(node);
  return { ...slim, spec: { ...slim.spec, ...spec }, status: { ...slim.status, ...status } };
}
