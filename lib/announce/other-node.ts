/** Another node, as the speaker of a node knows it where an address is announced by some of the nodes only. */
import { type PeerSelection, selectsPeer } from '../api/eip/eip-bgp.ts';
import type { Family } from '../net/address.ts';
import type { NodeState } from './node-state.ts';

export interface OtherNode {
  readonly node: NodeState;
  /** Its Lease is valid, and too few of the nodes that watch it by BFD have lost it. */
  readonly isLive: boolean;
  /** By its annotation, or a cordon where the BgpConf says so. */
  readonly inMaintenance: boolean;
  /** Those that are established. */
  readonly sessions: readonly OtherSession[];
}

export interface OtherSession {
  /** Name of the BgpPeer. */
  readonly peer: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly families: readonly Family[];
}

/** A router of the node gets the route. */
export function reachesRouter({ sessions }: OtherNode, family: Family, peers: readonly PeerSelection[]): boolean {
  return sessions.some(
    ({ peer, labels, families }) => families.includes(family) && selectsPeer(peers, { name: peer, labels }),
  );
}
