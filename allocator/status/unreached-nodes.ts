/**
 * Nodes that may announce addresses of an Eip, while no BgpPeer that gets the Eip's routes selects the node: routers know no path to it. A node that another BgpPeer
 * selects is not missing, so a router of each rack can have the nodes of its rack. PURE.
 */
import { nodeRefusal } from '../../lib/announce/eligible.ts';
import type { NodeState } from '../../lib/announce/node-state.ts';
import type { BgpPeer } from '../../lib/api/bgp/bgp.ts';
import { type Eip, isLayer2 } from '../../lib/api/eip/eip.ts';
import { selectsPeer } from '../../lib/api/eip/eip-bgp.ts';
import { matchesLabels } from '../../lib/api/meta/label-selector.ts';
import type { Family } from '../../lib/net/address.ts';
import { firstAddress } from '../../lib/net/range.ts';

/** A BgpPeer of Skycap, enabled or not. */
export interface Receiver extends Pick<BgpPeer, 'name' | 'families' | 'nodeSelector' | 'nextHops'> {
  readonly labels: Readonly<Record<string, string>>;
}

export interface RoutingFacts {
  readonly peers: readonly Receiver[];
  readonly eips: readonly Eip[];
  /** Those with a speaker and an AS number. */
  readonly nodes: readonly NodeState[];
  /** See `rackOf`. */
  readonly rackOf: (node: NodeState) => string | undefined;
  /** Of the sessions whose BgpPeer names none. */
  readonly families: readonly Family[];
}

/** Names, sorted. */
export interface Unreached {
  readonly nodes: readonly string[];
  readonly eips: readonly string[];
}

/** By the name of each BgpPeer that would get the routes. */
export function unreachedNodes(facts: RoutingFacts): ReadonlyMap<string, Unreached> {
  const found = new Map<string, { readonly nodes: Set<string>; readonly eips: Set<string> }>();
  const unselected = unselectedBy(facts);
  for (const eip of facts.eips) {
    if (isLayer2(eip) || eip.announcedByCni) continue;
    const receivers = facts.peers.filter((peer) => getsRoutes(peer, eip, facts.families));
    const nodes = unselected(receivers).filter((node) => mayAnnounce(node, eip));
    if (nodes.length === 0) continue;
    for (const { name } of receivers) {
      const known = found.get(name) ?? { nodes: new Set(), eips: new Set() };
      found.set(name, known);
      known.eips.add(eip.name);
      for (const node of nodes) known.nodes.add(node.name);
    }
  }
  return new Map([...found].map(([name, { nodes, eips }]) => [name, { nodes: sorted(nodes), eips: sorted(eips) }]));
}

function getsRoutes({ name, labels, families }: Receiver, { range, bgp }: Eip, ofConf: readonly Family[]): boolean {
  return (families ?? ofConf).includes(range.family) && selectsPeer(bgp?.peers ?? [], { name, labels });
}

function mayAnnounce(node: NodeState, eip: Eip): boolean {
  return !nodeRefusal({ node, eip: { ok: true, value: eip }, address: firstAddress(eip.range) });
}

/** Finds the nodes that none of the BgpPeers reaches, once for the many Eips whose routes go to the same ones. */
function unselectedBy({ nodes, rackOf }: RoutingFacts): (peers: readonly Receiver[]) => readonly NodeState[] {
  const known = new Map<string, readonly NodeState[]>();
  return (peers) => {
    const key = JSON.stringify(peers.map(({ name }) => name));
    const before = known.get(key);
    if (before) return before;
    const reaches = peers.map((peer) => reachOf(peer, nodes, rackOf));
    const found = nodes.filter((node) => !reaches.some((isReached) => isReached(node)));
    known.set(key, found);
    return found;
  };
}

/** With `nextHops: AllNodes` one node of a rack is enough for all. */
function reachOf(
  { nodeSelector, nextHops }: Receiver,
  nodes: readonly NodeState[],
  rackOf: RoutingFacts['rackOf'],
): (node: NodeState) => boolean {
  const selects = ({ labels }: NodeState): boolean => matchesLabels(nodeSelector, labels);
  if (!nextHops) return selects;
  const racks = new Set(nodes.filter(selects).map(rackOf));
  return (node) => racks.has(rackOf(node));
}

function sorted(names: ReadonlySet<string>): string[] {
  return [...names].sort();
}
