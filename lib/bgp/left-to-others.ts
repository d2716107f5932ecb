/**
 * Leaves an address to other nodes where the Eip has `spec.bgp.announcers` and enough other nodes rank higher. PURE.
 *
 * A node counts itself as able, and another node only while that node shows in the API that it is: live, out of maintenance and in a session with a router that gets the
 * route. Nodes with different knowledge therefore announce an address too often rather than not at all.
 */
import { nodeRefusal } from '../announce/eligible.ts';
import { type EndpointPlaces, localNodes } from '../announce/endpoints.ts';
import { type OtherNode, reachesRouter } from '../announce/other-node.ts';
import { isAmongHighest } from '../announce/rendezvous.ts';
import { routeTerms } from '../announce/route-terms.ts';
import type { Eip } from '../api/eip/eip.ts';
import type { PeerSelection } from '../api/eip/eip-bgp.ts';
import type { Service } from '../api/service/service.ts';
import { type Address, formatAddress } from '../net/address.ts';

export interface PublishedAddress {
  readonly eip: Eip;
  readonly service: Service;
  readonly address: Address;
  /** Of the Service, for the family of the address. */
  readonly places: EndpointPlaces;
}

export type IsLeftToOthers = (published: PublishedAddress) => boolean;

/** @param others undefined while the other nodes are not known. */
export function leftToOthers(self: string, others: readonly OtherNode[] | undefined): IsLeftToOthers {
  const ableByEip = new Map<Eip, readonly string[]>();
  const ableFor = (eip: Eip, peers: readonly PeerSelection[]): readonly string[] => {
    if (peers !== eip.bgp?.peers) return ableNodes(others ?? [], eip, peers);
    const able = ableByEip.get(eip) ?? ableNodes(others ?? [], eip, peers);
    ableByEip.set(eip, able);
    return able;
  };
  return ({ eip, service, address, places }) => {
    const most = eip.bgp?.announcers;
    if (most === undefined || !others) return false;
    const able = ableFor(eip, routeTerms(eip.bgp, service).peers);
    const local = service.spec?.externalTrafficPolicy === 'Local' ? localNodes(places) : undefined;
    const candidates = local ? able.filter((name) => local.has(name)) : able;
    return !isAmongHighest(self, candidates, formatAddress(address), most);
  };
}

function ableNodes(others: readonly OtherNode[], eip: Eip, peers: readonly PeerSelection[]): readonly string[] {
  const { family, first } = eip.range;
  const place = { eip: { ok: true, value: eip } as const, address: { family, value: first } };
  return others.flatMap((other) => {
    const { node, isLive, inMaintenance } = other;
    const isAble = isLive && !inMaintenance && reachesRouter(other, family, peers) && !nodeRefusal({ ...place, node });
    return isAble ? [node.name] : [];
  });
}
