/**
 * Decides whether any node announces an address of one Service, or may, and why none does. PURE. The rules for endpoints are the nodes' own
 * (`lib/announce/eligible.ts`).
 */
import { type EndpointPlaces, localNodes } from '../announce/endpoints.ts';
import { highestOf } from '../announce/rendezvous.ts';
import type { Eip } from '../api/eip/eip.ts';
import { type EipReach, furthest, reachesEndpoints, type Standing } from './eip-reach.ts';

/** A Service that publishes an address. */
export interface SharingService {
  /** `externalTrafficPolicy: Local`. */
  readonly isLocal: boolean;
  /** The places of its endpoints of the address's family. */
  readonly places: EndpointPlaces;
}

/** The obstacle of the node that comes furthest, with regard to endpoints. */
export function serviceReach(reach: EipReach, eip: Pick<Eip, 'whenNoEndpoints'>, sharer: SharingService): Standing {
  const { isLocal, places } = sharer;
  if (isLocal) return localReach(reach, places);
  if (places.usable || eip.whenNoEndpoints !== 'Withdraw' || !reachesEndpoints(reach.standing)) return reach.standing;
  return 'NoEndpoints';
}

function localReach({ standing, standings }: EipReach, places: EndpointPlaces): Standing {
  // A node without an endpoint comes no further than this.
  let best = reachesEndpoints(standing) ? 'NoLocalEndpoints' : standing;
  for (const node of localNodes(places)) best = furthest(best, standings.get(node) ?? 'NoSpeaker');
  return best;
}

/** The obstacle of one node, with regard to endpoints. @param sharers the Services that publish the address, the one of the question first. */
export function nodeReach(
  node: string,
  standing: Standing,
  { whenNoEndpoints }: Pick<Eip, 'whenNoEndpoints'>,
  sharers: readonly SharingService[],
): Standing {
  if (!reachesEndpoints(standing)) return standing;
  const hasEndpoint = ({ isLocal, places }: SharingService): boolean =>
    isLocal ? localNodes(places).has(node) : places.usable || whenNoEndpoints !== 'Withdraw';
  if (sharers.some(hasEndpoint)) return standing;
  return sharers[0]?.isLocal ? 'NoLocalEndpoints' : 'NoEndpoints';
}

/** The nodes that announce the address, sorted, by the rank that the nodes themselves go by. @param most `spec.bgp.announcers` of its Eip. */
export function chosenNodes(
  { nodes }: EipReach,
  text: string,
  most: number,
  sharers: readonly SharingService[],
): string[] {
  const chosen = sharers.flatMap(({ isLocal, places }) => {
    const local = isLocal ? localNodes(places) : undefined;
    return highestOf(local ? nodes.filter((name) => local.has(name)) : nodes, text, most);
  });
  return [...new Set(chosen)].sort();
}
