/** Warns about a BgpPeer if another BgpPeer has the same router, or if its address is a node's own. PURE. */
import { type Address, formatAddress, isLoopback, sameAddress } from '../../net/address.ts';
import { mayBothSelect } from '../meta/label-selector.ts';
import { type BgpPeer, isSameRouter, type Neighbor, neighborText } from './bgp.ts';

/** The fields of another BgpPeer that count here. */
export type OtherPeer = Pick<BgpPeer, 'name' | 'neighbor' | 'neighborPort' | 'nodeSelector' | 'vrf'>;

export interface NodeAddress {
  readonly node: string;
  readonly address: Address;
}

export function bgpPeerAdvice(peer: BgpPeer, others: Iterable<OtherPeer>, nodes: Iterable<NodeAddress>): string[] {
  const itself = ofNodesThemselves(peer, nodes);
  if (itself !== undefined) return itself;
  for (const other of others) {
    if (other.name === peer.name || !isSameRouter(other, peer)) continue;
    if (!mayBothSelect(other.nodeSelector, peer.nodeSelector)) continue;
    const text = neighborText(peer.neighbor);
    return [
      `${fieldOf(peer.neighbor)}: "${text}" is the router of BgpPeer ${other.name} already; a node that both select has a session by the older one only`,
    ];
  }
  return [];
}

/** @returns undefined if the other BgpPeers still have to be compared. */
function ofNodesThemselves(peer: BgpPeer, nodes: Iterable<NodeAddress>): string[] | undefined {
  if (peer.neighbor.kind !== 'address') return undefined;
  const { address: neighbor } = peer.neighbor;
  const text = formatAddress(neighbor);
  // The neighbor is another BGP daemon on the node itself. It may have port 179 if BIRD has another port.
  const isDaemon = peer.ebgpMultihopTtl !== undefined;
  const field = fieldOf(peer.neighbor);
  if (isLoopback(neighbor))
    return isDaemon ? [] : [`${field}: "${text}" is each node itself; write the router's address`];
  for (const { node, address } of isDaemon ? [] : nodes) {
    if (sameAddress(address, neighbor)) return [`${field}: "${text}" is node ${node}; write the router's address`];
  }
  return undefined;
}

function fieldOf({ kind }: Neighbor): string {
  if (kind === 'prefix') return 'spec.conf.neighborPrefix';
  return kind === 'interface' ? 'spec.conf.neighborInterface' : 'spec.conf.neighborAddress';
}
