/**
 * The nodes that are next hops of an address for a BgpPeer with `nextHops: AllNodes`: every node that may announce the address and lives. PURE.
 *
 * A node in maintenance is a next hop only where fewer than `minimumNodes` other nodes are, and then the last by name stays, as in
 * `lib/bgp/maintenance/decide-withdrawal.ts`. Of more nodes than `spec.bgp.announcers` of the Eip, those of the highest rank are the next hops.
 */
import { announceReason } from '../announce/eligible.ts';
import { viewFrom } from '../announce/endpoints.ts';
import { isInMaintenance, type NodeState } from '../announce/node-state.ts';
import type { OtherNode } from '../announce/other-node.ts';
import { isAmongHighest } from '../announce/rendezvous.ts';
import { type BgpConf, rackOf } from '../api/bgp/bgp.ts';
import type { BgpConfObject, BgpPeerObject } from '../api/bgp/bgp-types.ts';
import { parseBgpConf } from '../api/bgp/parse-bgp-conf.ts';
import { parseBgpPeer } from '../api/bgp/parse-bgp-peer.ts';
import { jsonKey } from '../api/meta/json-key.ts';
import { matchesLabels } from '../api/meta/label-selector.ts';
import { formatAddress } from '../net/address.ts';
import type { PublishedAddress } from './left-to-others.ts';

export interface NextHopNode {
  readonly node: NodeState;
  readonly inMaintenance: boolean;
}

export interface NextHops {
  /** Those that live, this node included. Sorted by name. */
  readonly nodes: readonly NextHopNode[];
  readonly minimumNodes: number;
  /** Equal exactly where all of the above is. */
  readonly key: string | undefined;
}

/** Names of nodes, sorted. */
export type NextHopsOf = (published: PublishedAddress) => readonly string[];

const NONE: readonly string[] = [];

/** Whether a BgpPeer asks for a path by each node, so that the nodes have to know of each other. */
export function asksForAllNodes(bgpPeers: Iterable<BgpPeerObject>): boolean {
  return [...bgpPeers].some(({ spec }) => spec?.nextHops === 'AllNodes');
}

/** @returns undefined where no BgpPeer of this node asks for them. */
export function gatherNextHops(snapshot: NextHopsSource, self: NodeState): NextHops | undefined {
  const { bgpConf, bgpPeers, others = [] } = snapshot;
  if (!bgpConf || !bgpPeers.some((raw) => isForAllNodes(raw, self))) return undefined;
  const conf = parseBgpConf(bgpConf);
  return conf.ok ? nextHopsFor(others, self, conf.value) : undefined;
}

export interface BgpSource {
  /** The one named `default`. */
  readonly bgpConf: BgpConfObject | undefined;
  readonly bgpPeers: readonly BgpPeerObject[];
}

interface NextHopsSource extends BgpSource {
  readonly others?: readonly OtherNode[];
}

function isForAllNodes(raw: BgpPeerObject, { labels }: NodeState): boolean {
  if (raw.spec?.nextHops !== 'AllNodes') return false;
  const peer = parseBgpPeer(raw);
  return peer.ok && matchesLabels(peer.value.nodeSelector, labels);
}

/** As in OpenELB, a node in a rack has next hops of this rack alone. */
function nextHopsFor(
  others: readonly OtherNode[],
  self: NodeState,
  conf: Pick<BgpConf, 'asPerRack' | 'maintenance'>,
): NextHops {
  const rack = rackOf(conf, self.labels);
  const here = { node: self, inMaintenance: isInMaintenance(self, conf.maintenance) };
  const live = others.filter(({ node, isLive }) => isLive && rackOf(conf, node.labels) === rack);
  const nodes = [here, ...live.map(({ node, inMaintenance }) => ({ node, inMaintenance }))].sort((a, b) =>
    a.node.name < b.node.name ? -1 : 1,
  );
  const { minimumNodes } = conf.maintenance;
  return { nodes, minimumNodes, key: jsonKey([minimumNodes, nodes]) };
}

/** @param hops undefined where no session asks for the next hops. */
export function nextHopsFinder(hops: NextHops | undefined): NextHopsOf {
  if (!hops) return () => NONE;
  const { nodes, minimumNodes } = hops;
  return ({ eip, service, address, places }) => {
    const able = nodes.filter(({ node }) => {
      const candidate = { by: 'bgp', service, address, eip: { ok: true, value: eip }, node } as const;
      return announceReason({ ...candidate, endpoints: viewFrom(places, node.name) }) === 'Announced';
    });
    const names = outOfMaintenance(able, minimumNodes);
    const most = eip.bgp?.announcers;
    if (most === undefined || names.length <= most) return names;
    const text = formatAddress(address);
    return names.filter((name) => isAmongHighest(name, without(names, name), text, most));
  };
}

function outOfMaintenance(able: readonly NextHopNode[], minimumNodes: number): readonly string[] {
  const leaving = able.filter(({ inMaintenance }) => inMaintenance);
  const mayLeave = Math.max(0, able.length - minimumNodes);
  const gone = new Set(leaving.slice(0, mayLeave));
  return able.flatMap((one) => (gone.has(one) ? [] : [one.node.name]));
}

function without(names: readonly string[], name: string): string[] {
  return names.filter((other) => other !== name);
}
