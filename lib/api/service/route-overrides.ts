/** Reads the annotations by which a Service asks for attributes of its routes. The Eip of the address allows an annotation or does not (`lib/announce/route-terms.ts`). PURE. */
import { type Community, canonicalCommunities, parseCommunity } from '../eip/community.ts';
import { SERVICE_ANNOTATIONS } from '../keys.ts';
import type { KubeObject } from '../meta/object.ts';
import type { Problem } from '../problem.ts';

export interface RouteOverrides {
  /** In addition to those of the Eip. */
  readonly communities?: readonly Community[];
  /** Names, sorted: of the BgpPeers that the Eip selects, these alone get the routes. */
  readonly peers?: readonly string[];
}

export interface ParsedRouteOverrides {
  readonly overrides: RouteOverrides;
  /** An annotation with a problem asks for nothing. */
  readonly problems: readonly Problem[];
}

/** A route has room for so many beside those of the Eip. */
const MOST_LISTED = 16;
const NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const [COMMUNITIES] = SERVICE_ANNOTATIONS.communities;
const [PEERS] = SERVICE_ANNOTATIONS.peers;
const NOTHING: ParsedRouteOverrides = { overrides: {}, problems: [] };

export function parseRouteOverrides({ metadata: { annotations } }: Pick<KubeObject, 'metadata'>): ParsedRouteOverrides {
  const [communitiesText, peersText] = [annotations?.[COMMUNITIES], annotations?.[PEERS]];
  if (!communitiesText && !peersText) return NOTHING;
  const problems: Problem[] = [];
  const communities = listOf(COMMUNITIES, communitiesText, parseCommunity, problems);
  const peers = listOf(PEERS, peersText, parseName, problems);
  return {
    overrides: {
      ...(communities && { communities: canonicalCommunities(communities) }),
      ...(peers && { peers: [...new Set(peers.map(({ name }) => name))].sort() }),
    },
    problems,
  };
}

/** @param parse tells the message of a problem where the text is not what it should be. */
function listOf<T extends object>(
  field: string,
  text: string | undefined,
  parse: (item: string) => T | string,
  problems: Problem[],
): readonly T[] | undefined {
  const items = (text ?? '').split(',').flatMap((item) => item.trim() || []);
  if (items.length > MOST_LISTED) {
    problems.push({ field, message: `lists ${items.length}; write at most ${MOST_LISTED}` });
    return undefined;
  }
  const found = items.map((item) => ({ item, parsed: parse(item) }));
  const wrong = found.flatMap(({ item, parsed }) =>
    typeof parsed === 'string' ? [{ field, value: item, message: parsed }] : [],
  );
  problems.push(...wrong);
  const isUsable = items.length > 0 && wrong.length === 0;
  return isUsable ? found.flatMap(({ parsed }) => (typeof parsed === 'string' ? [] : [parsed])) : undefined;
}

function parseName(name: string): { readonly name: string } | string {
  return NAME.test(name) ? { name } : 'is not the name of a BgpPeer; write names such as tor-1,tor-2';
}
