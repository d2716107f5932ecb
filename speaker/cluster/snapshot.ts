/** The part of the cluster that this node's speaker decides by, as plain values taken from the stores at one moment. */

import type { EipsByName } from '../../lib/announce/eip-of-address.ts';
import { serviceKeyOf } from '../../lib/announce/slices.ts';
import type { BgpConfObject, BgpPeerObject } from '../../lib/api/bgp/bgp-types.ts';
import type { EipObject } from '../../lib/api/eip/eip-types.ts';
import { BGP_CONF_NAME } from '../../lib/api/keys.ts';
import { type KubeObject, keyOf } from '../../lib/api/meta/object.ts';
import type { EndpointSlice, Node, Service } from '../../lib/api/service/service.ts';
import type { BfdNeighbor } from './bfd-neighbor.ts';
import { KnownEips } from './known-eips.ts';

export interface Snapshot {
  readonly nodeName: string;
  /** Absent when the API server has no such Node. */
  readonly node: Node | undefined;
  /** Those that carry the label of an Eip. */
  readonly services: readonly Service[];
  /** By the key of their Service. */
  readonly slices: ReadonlyMap<string, readonly EndpointSlice[]>;
  readonly eips: EipsByName;
  /** The one named `default`. */
  readonly bgpConf: BgpConfObject | undefined;
  readonly bgpPeers: readonly BgpPeerObject[];
  /** Nodes to have a BFD session with, for layer 2. */
  readonly bfdNeighbors: readonly BfdNeighbor[];
}

/** What is asked of a store here. */
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
}

/**
 * @param known what is remembered from one snapshot to the next.
 * @returns undefined while a source has not been read completely: unknown is not empty.
 */
export function takeSnapshot(
  nodeName: string,
  sources: Sources,
  bfdNeighbors: readonly BfdNeighbor[] = [],
  known: KnownEips = new KnownEips(),
): Snapshot | undefined {
  if (!Object.values(sources).every(({ synced }) => synced)) return undefined;
  return {
    nodeName,
    node: sources.nodes.get(nodeName),
    services: [...sources.services.values()],
    slices: slicesByService(sources),
    eips: known.take([...sources.eips.values()], sources.services.values()),
    bgpConf: sources.bgpConfs.get(BGP_CONF_NAME),
    bgpPeers: [...sources.bgpPeers.values()],
    bfdNeighbors,
  };
}

/** The Eips alone, which costs next to nothing where they are the same as before. @returns undefined while they have not been read. */
export function takeEips(
  { eips, services }: Pick<Sources, 'eips' | 'services'>,
  known: KnownEips,
): Snapshot['eips'] | undefined {
  return eips.synced && services.synced ? known.take([...eips.values()], services.values()) : undefined;
}

function slicesByService({ labelledSlices, foreignSlices }: Sources): Map<string, EndpointSlice[]> {
  const byService = new Map<string, EndpointSlice[]>();
  const add = (slice: EndpointSlice): void => {
    const key = serviceKeyOf(slice);
    if (!key) return;
    const found = byService.get(key);
    if (found) found.push(slice);
    else byService.set(key, [slice]);
  };
  for (const slice of labelledSlices.values()) add(slice);
  for (const slice of foreignSlices.values()) if (!labelledSlices.get(keyOf(slice))) add(slice);
  return byService;
}
