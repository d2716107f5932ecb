/**
 * Whether any node announces an address of one Service, or may, and why none does. PURE; the rules for endpoints are the nodes' own
 * (`lib/announce/eligible.ts`).
 */
import { type EndpointPlaces, localNodes } from '../../lib/announce/endpoints.ts';
import type { Eip } from '../../lib/api/eip/eip.ts';
import { type EipReach, furthest, reachesEndpoints, type Standing } from './eip-reach.ts';

/** A Service that publishes an address. */
export interface SharingService {
  /** `externalTrafficPolicy: Local`. */
  readonly isLocal: boolean;
  /** Where its endpoints of the address's family are. */
  readonly places: EndpointPlaces;
}

/** The standing of the node that comes furthest, endpoints counted. */
export function serviceReach(reach: EipReach, eip: Pick<Eip, 'whenNoEndpoints'>, sharer: SharingService): Standing {
  const { isLocal, places } = sharer;
  if (isLocal) return localReach(reach, places);
  if (places.usable || eip.whenNoEndpoints !== 'Withdraw' || !reachesEndpoints(reach.standing)) return reach.standing;
  return 'NoEndpoints';
}

function localReach({ standing, standings }: EipReach, places: EndpointPlaces): Standing {
  // Nodes without an endpoint come no further than this.
  let best = reachesEndpoints(standing) ? 'NoLocalEndpoints' : standing;
  for (const node of localNodes(places)) best = furthest(best, standings.get(node) ?? 'NoSpeaker');
  return best;
}
