/** The speaker's watches: load-balancer Services and their slices, its own node, and the three kinds of configuration. */
import type { Registry } from 'prom-client';
import { FOREIGN_SLICES, LABELLED_SLICES } from '../../lib/announce/slices.ts';
import { sameTrimmed, trimSlice } from '../../lib/announce/trim-objects.ts';
import { EIP_LABEL } from '../../lib/api/keys.ts';
import { onlyPolicy, samePolicy } from '../../lib/api/policy/find-policy.ts';
import { Reflector } from '../../lib/kube/cache/reflector.ts';
import { SpecStore } from '../../lib/kube/cache/spec-store.ts';
import type { KubeWatcher } from '../../lib/kube/client.ts';
import {
  BGP_CONFS,
  BGP_PEERS,
  CONFIG_MAPS,
  EIPS,
  ENDPOINT_SLICES,
  NODES,
  SERVICES,
  SPEAKERS,
} from '../../lib/kube/resource.ts';
import type { Logger } from '../../lib/process/log.ts';
import { slimService } from './trim-objects.ts';

export interface StoreOptions {
  readonly client: KubeWatcher;
  readonly nodeName: string;
  /** Skycap's, where the policy of the BgpConf is. */
  readonly namespace: string;
  readonly log: Logger;
  readonly registry: Registry;
}

/** `sources` is what is decided by; `speakers` holds this node's own object, as it is reported in. */
export function makeStores({ namespace, ...options }: StoreOptions) {
  const { nodeName } = options;
  const ownName = { ...options, fieldSelector: `metadata.name=${nodeName}` };
  const slices = { ...options, resource: ENDPOINT_SLICES, transform: trimSlice };
  return {
    sources: {
      nodes: new Reflector({ ...ownName, resource: NODES }),
      services: new Reflector({
        ...{ ...options, resource: SERVICES, labelSelector: EIP_LABEL },
        ...{ transform: slimService, isSame: sameTrimmed },
      }),
      labelledSlices: new Reflector({ ...slices, labelSelector: LABELLED_SLICES, name: 'endpointslices' }),
      foreignSlices: new Reflector({ ...slices, labelSelector: FOREIGN_SLICES, name: 'endpointslices-foreign' }),
      // Their statuses are written with every address and every session, and are no business of a node's.
      eips: new SpecStore({ ...options, resource: EIPS }),
      bgpConfs: new SpecStore({ ...options, resource: BGP_CONFS }),
      bgpPeers: new SpecStore({ ...options, resource: BGP_PEERS }),
      configMaps: new Reflector({
        ...{ ...options, resource: CONFIG_MAPS, namespace },
        ...{ transform: onlyPolicy, isSame: samePolicy },
      }),
    },
    speakers: new Reflector({ ...ownName, resource: SPEAKERS }),
  };
}

export type Stores = ReturnType<typeof makeStores>;
