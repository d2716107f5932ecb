/** The terms on which an address is announced by BGP: attributes of the route, and which BgpPeers get it, by the Eip and by annotations of a Service. */
import { canonicalCommunities } from '../api/eip/community.ts';
import type { Eip } from '../api/eip/eip.ts';
import { type EipBgp, type PeerSelection, PLAIN_BGP, type RouteAttributes } from '../api/eip/eip-bgp.ts';
import { ageKey } from '../api/meta/object.ts';
import { type ParsedRouteOverrides, parseRouteOverrides } from '../api/service/route-overrides.ts';
import type { Service } from '../api/service/service.ts';

export interface RouteTerms {
  readonly attributes: RouteAttributes;
  /** Each of them must select a BgpPeer that gets the route. */
  readonly peers: readonly PeerSelection[];
}

/** @returns the very EipBgp where the annotations change nothing. */
export function routeTerms(bgp: EipBgp | undefined, service: Pick<Service, 'metadata'>): RouteTerms {
  const { attributes, peers, allowServiceOverrides: allow } = bgp ?? PLAIN_BGP;
  if (!bgp || !(allow.communities || allow.peers)) return bgp ?? PLAIN_BGP;
  const { overrides } = parseRouteOverrides(service);
  const added = allow.communities ? overrides.communities : undefined;
  const chosen = allow.peers ? overrides.peers : undefined;
  if (!added && !chosen) return bgp;
  const communities = added ? canonicalCommunities([...attributes.communities, ...added]) : attributes.communities;
  return {
    attributes: { ...attributes, communities },
    peers: chosen ? [...peers, { names: chosen }] : peers,
  };
}

/** The Eip with the BgpPeers that get the routes of the Service; the very Eip where the annotations change nothing. */
export function withPeersOf(eip: Eip, service: Pick<Service, 'metadata'>): Eip {
  const { bgp } = eip;
  if (!bgp?.allowServiceOverrides.peers) return eip;
  const { peers } = routeTerms(bgp, service);
  return peers === bgp.peers ? eip : { ...eip, bgp: { ...bgp, peers } };
}

/** Of Services that share an address the annotations of the oldest count: one that joins changes nothing of the route. Names break a tie. */
export function oldestOf<T extends Pick<Service, 'metadata'>>(services: readonly [T, ...T[]]): T {
  return services.reduce((oldest, one) => (ageKey(one) < ageKey(oldest) ? one : oldest));
}

/** The annotations that the Eip of an address does not allow, by the field that would allow each. */
export function disallowedOverrides(
  bgp: EipBgp | undefined,
  { overrides }: Pick<ParsedRouteOverrides, 'overrides'>,
): readonly (keyof EipBgp['allowServiceOverrides'])[] {
  const allow = (bgp ?? PLAIN_BGP).allowServiceOverrides;
  return (['communities', 'peers'] as const).filter((one) => overrides[one] !== undefined && !allow[one]);
}
