/**
 * Attributes of routes as statements of BIRD's filters. Communities and the local preference are set by the import filter of the static protocol. BIRD drops a MED
 * that was set there, and the path begins with the AS number of the session: the import filter marks routes with attributes of Skycap's own, and the export
 * filter of each session acts on the marks. So no session's filter changes, and no route is sent again, when a further group of routes comes or goes.
 *
 * Every operand is a number.
 */
import { createHash } from 'node:crypto';
import type { Community } from '../../../lib/api/eip/community.ts';
import type { RouteGroup } from '../../../lib/bgp/routes.ts';
import type { BgpSession } from '../../../lib/bgp/sessions.ts';

/** The marks that some route has. */
export interface Marks {
  readonly med: boolean;
  readonly prepend: boolean;
  readonly peers: boolean;
}

const MOST_PREPENDED = 10;
/** Of a route that no BgpPeer gets. */
const NOBODY = '(0, 0, 0)';

export function marksOf(groups: readonly RouteGroup[]): Marks {
  return {
    med: groups.some(({ attributes }) => attributes.med !== undefined),
    prepend: groups.some(({ attributes }) => attributes.asPathPrepend > 0),
    peers: groups.some(({ peers }) => peers !== undefined),
  };
}

export function definitionsFor({ med, prepend, peers }: Marks): string[] {
  return [
    ...(med ? ['attribute int skycap_med;'] : []),
    ...(prepend ? ['attribute int skycap_prepend;', ...prependFunction()] : []),
    ...(peers ? ['attribute lclist skycap_peers;'] : []),
  ];
}

/** BIRD's filters have no loop that counts. */
function prependFunction(): string[] {
  return [
    'function skycap_prepend_path(int skycap_as)',
    '{',
    ...Array.from({ length: MOST_PREPENDED }, (_, i) => `  if skycap_prepend > ${i} then bgp_path.prepend(skycap_as);`),
    '}',
  ];
}

/** Of the import filter of a group's static protocols. */
export function importStatements({ attributes, peers }: RouteGroup): string[] {
  const { communities, localPref, med, asPathPrepend } = attributes;
  const receivers = peers && (peers.length === 0 ? [NOBODY] : peers.map(peerMark));
  return [
    ...communities.map(communityStatement),
    ...(localPref === undefined ? [] : [`bgp_local_pref = ${localPref};`]),
    ...(med === undefined ? [] : [`skycap_med = ${med};`]),
    ...(asPathPrepend === 0 ? [] : [`skycap_prepend = ${asPathPrepend};`]),
    ...(receivers
      ? [`skycap_peers = ${receivers.reduce((list, mark) => `add(${list}, ${mark})`, '---empty---')};`]
      : []),
  ];
}

/** Of the export filter of a session; a router of the same AS would take a prepended path for a loop (RFC 4271 §9.1.2). */
export function exportStatements({ peer, localAs, neighborAs }: BgpSession, { med, prepend, peers }: Marks): string[] {
  const isInternal = neighborAs === 'internal' || neighborAs === localAs;
  return [
    ...(peers ? [`if skycap_peers.len > 0 && ${peerMark(peer)} !~ skycap_peers then reject;`] : []),
    ...(med ? ['if defined(skycap_med) then bgp_med = skycap_med;'] : []),
    ...(prepend && !isInternal ? [`if defined(skycap_prepend) then skycap_prepend_path(${localAs});`] : []),
  ];
}

/** Of the export filters while the node is in maintenance: the well-known community 65535:0 (RFC 8326), and for routers of the same AS the lowest local preference. */
export const GRACEFUL_SHUTDOWN: readonly string[] = ['bgp_community.add((65535, 0));', 'bgp_local_pref = 0;'];

const LISTS = { standard: 'bgp_community', large: 'bgp_large_community', extended: 'bgp_ext_community' } as const;

function communityStatement({ kind, numbers }: Community): string {
  const value = kind === 'extended' ? ['generic', ...numbers] : numbers;
  return `${LISTS[kind]}.add((${value.join(', ')}));`;
}

/** A BgpPeer as a large community, which has room for 96 bits of a digest. It stands on no route that leaves the node. */
function peerMark(peer: string): string {
  const digest = createHash('sha256').update(peer).digest();
  return `(${[0, 4, 8].map((offset) => digest.readUInt32BE(offset)).join(', ')})`;
}
