/** The part of the cluster that this node's speaker decides by. A decision reads it before anything is awaited: Services and slices are the stores' own. */

import type { EipsByName } from '../announce/eip-of-address.ts';
import { KnownPolicy, type PolicyInForce } from '../announce/known-policy.ts';
import type { OtherNode } from '../announce/other-node.ts';
import type { BgpConfObject, BgpPeerObject } from '../api/bgp/bgp-types.ts';
import type { EipObject } from '../api/eip/eip-types.ts';
import { BGP_CONF_NAME } from '../api/keys.ts';
import type { KubeObject } from '../api/meta/object.ts';
import type { ConfigMap } from '../api/policy/find-policy.ts';
import type { EndpointSlice, Node, Service } from '../api/service/service.ts';
import type { BfdNeighbor } from './bfd-neighbor.ts';
import { KnownEips } from './known-eips.ts';
import type { Maintenance } from './maintenance.ts';
import type { Services, SlicesByService } from './services.ts';
import type { SessionPasswords } from './session-passwords.ts';

export interface Snapshot {
  readonly nodeName: string;
  /** Absent when the API server has no such Node. */
  readonly node: Node | undefined;
  /** The Services that carry the label of an Eip. */
  readonly services: Services;
  readonly slices: SlicesByService;
  readonly eips: EipsByName;
  /** The one named `default`. */
  readonly bgpConf: BgpConfObject | undefined;
  readonly bgpPeers: readonly BgpPeerObject[];
  readonly policy: PolicyInForce;
  /** Absent while this node is not in maintenance. */
  readonly maintenance?: Maintenance;
  /** For the plan: nodes to have a BFD session with, for layer 2. */
  readonly bfdNeighbors?: readonly BfdNeighbor[];
  /** For the plan. */
  readonly passwords?: SessionPasswords;
  /** Sorted by name. Absent while they are not known, and where no decision depends on them. */
  readonly others?: readonly OtherNode[];
  /** Texts of addresses that this node leaves to other nodes, and announces for a moment still. */
  readonly handingOver?: ReadonlySet<string>;
}

/** The part of a store that a snapshot uses. */
export interface Objects<T extends KubeObject> {
  readonly synced: boolean;
  get(key: string): T | undefined;
  values(): Iterable<T>;
}

export interface Sources {
  readonly nodes: Objects<Node>;
  readonly services: Objects<Service>;
  /** Slices that Kubernetes made for our Services, found by the label that it copied from them. */
  readonly labelledSlices: Objects<EndpointSlice>;
  /** Slices of any other maker, which need not carry our label. A slice may be in both. */
  readonly foreignSlices: Objects<EndpointSlice>;
  readonly eips: Objects<EipObject>;
  readonly bgpConfs: Objects<BgpConfObject>;
  readonly bgpPeers: Objects<BgpPeerObject>;
  /** Those of Skycap's namespace; of each the policy alone. */
  readonly configMaps: Objects<ConfigMap>;
}

export interface SnapshotInput {
  readonly nodeName: string;
  readonly sources: Sources;
  readonly slices: SlicesByService;
  /** Both remember the former objects from one snapshot to the next. */
  readonly knownEips?: KnownEips;
  readonly knownPolicy?: KnownPolicy;
}

/** @returns undefined while a source has not been read completely: unknown is not empty. */
export function takeSnapshot(input: SnapshotInput): Snapshot | undefined {
  const { nodeName, sources, slices, knownEips = new KnownEips(), knownPolicy = new KnownPolicy('') } = input;
  if (!Object.values(sources).every(({ synced }) => synced)) return undefined;
  const bgpConf = sources.bgpConfs.get(BGP_CONF_NAME);
  return {
    nodeName,
    node: sources.nodes.get(nodeName),
    services: sources.services,
    slices,
    eips: knownEips.take([...sources.eips.values()], sources.services),
    bgpConf,
    bgpPeers: [...sources.bgpPeers.values()],
    policy: knownPolicy.take(bgpConf, sources.configMaps),
  };
}

/** The Eips alone, which costs next to nothing where they are the same as before. @returns undefined while they have not been read. */
export function takeEips(
  { eips, services }: Pick<Sources, 'eips' | 'services'>,
  known: KnownEips,
): Snapshot['eips'] | undefined {
  return eips.synced && services.synced ? known.take([...eips.values()], services) : undefined;
}
