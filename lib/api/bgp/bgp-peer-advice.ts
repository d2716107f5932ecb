/** What is told of a BgpPeer that is written beside others: a router that another has already, an address that is the nodes' own. PURE. */
import { type Address, formatAddress, isLoopback, sameAddress } from '../../net/address.ts';
import { mayBothSelect } from '../meta/label-selector.ts';
import { BGP_PORT, type BgpPeer } from './bgp.ts';

/** All of another BgpPeer that matters here. */
export type OtherPeer = Pick<BgpPeer, 'name' | 'neighbor' | 'neighborPort' | 'nodeSelector'>;

export interface NodeAddress {
  readonly node: string;
  readonly address: Address;
}

export function bgpPeerAdvice(peer: BgpPeer, others: Iterable<OtherPeer>, nodes: Iterable<NodeAddress>): string[] {
  const field = 'spec.conf.neighborAddress';
  const text = formatAddress(peer.neighbor);
  // Another BGP daemon on the node itself.
  const isDaemon = peer.neighborPort !== BGP_PORT && peer.ebgpMultihopTtl !== undefined;
  if (isLoopback(peer.neighbor))
    return isDaemon ? [] : [`${field}: "${text}" is each node itself; write the router's address`];
  for (const { node, address } of isDaemon ? [] : nodes) {
    if (sameAddress(address, peer.neighbor)) return [`${field}: "${text}" is node ${node}; write the router's address`];
  }
  for (const other of others) {
    if (other.name === peer.name || !sameAddress(other.neighbor, peer.neighbor)) continue;
    if (other.neighborPort !== peer.neighborPort || !mayBothSelect(other.nodeSelector, peer.nodeSelector)) continue;
    return [
      `${field}: "${text}" is the router of BgpPeer ${other.name} already; a node that both select has a session by the older one only`,
    ];
  }
  return [];
}
