/** From which nodes, and to which routers, the addresses of an Eip go by BGP. PURE; from what the Speakers say of themselves. */
import type { Reason } from '../lib/api/reasons.ts';
import type { SpeakerObject, SpeakerSession } from '../lib/api/speaker-types.ts';
import type { Family } from '../lib/net/address.ts';

export interface BgpReach {
  /** `Announced`, or why no node does. */
  readonly reason: Extract<Reason, 'Announced' | 'NodeNotSelected' | 'SessionsDown' | 'NoBgpConf' | 'NoSessions'>;
  /** Sorted. */
  readonly nodes: readonly string[];
  /** BgpPeers, sorted. */
  readonly peers: readonly string[];
}

/** All of an Eip that its reach depends on. */
export interface ReachedEip {
  readonly name: string;
  readonly family: Family;
}

export interface ReachFacts {
  /** An array, since every Eip goes through it anew. */
  readonly speakers: readonly SpeakerObject[];
  /** What sessions with a BgpPeer carry; undefined for both. */
  readonly familiesOf: (peer: string) => readonly Family[] | undefined;
  /** The BgpConf `default` is there and valid. */
  readonly hasBgpConf: boolean;
}

export function bgpReach(eip: ReachedEip, { speakers, familiesOf, hasBgpConf }: ReachFacts): BgpReach {
  const carries = ({ peer, disabled }: SpeakerSession): boolean =>
    !disabled && (familiesOf(peer)?.includes(eip.family) ?? true);
  const nodes: string[] = [];
  const peers = new Set<string>();
  let [hasSession, isEstablished] = [false, false];
  for (const { metadata, status } of speakers) {
    const sessions = (status?.sessions ?? []).filter(carries);
    const established = sessions.filter(({ state }) => state === 'Established');
    hasSession ||= sessions.length > 0;
    isEstablished ||= established.length > 0;
    if (established.length === 0 || status?.bgpUnable?.includes(eip.name)) continue;
    nodes.push(metadata.name ?? '');
    for (const { peer } of established) peers.add(peer);
  }
  const why = isEstablished ? 'NodeNotSelected' : hasSession ? 'SessionsDown' : hasBgpConf ? 'NoSessions' : 'NoBgpConf';
  return { reason: nodes.length > 0 ? 'Announced' : why, nodes: nodes.sort(), peers: [...peers].sort() };
}

/** All that a reach is made from, of one Speaker. */
export function reachText({ metadata, status }: SpeakerObject): string {
  const sessions = (status?.sessions ?? []).map(({ peer, state, disabled }) => [
    peer,
    state === 'Established',
    disabled,
  ]);
  return JSON.stringify([metadata.deletionTimestamp, sessions, status?.bgpUnable ?? []]);
}
