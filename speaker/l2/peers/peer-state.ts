/**
 * What this node knows of another by its BFD session with it. Pure; `peer-watch.ts` reads BIRD.
 *
 *     unknown ─Up─▶ up ─Down─▶ lost ─Up─▶ up          BIRD has no session (its link is down): not lost, whatever was
 *
 * Only Up → Down counts: a session that never comes up says something about a firewall, nothing about the node.
 */
import type { BfdState } from '../../bird/session/bfd-sessions.ts';

export interface PeerState {
  readonly isUp: boolean;
  /** It was Up and went Down while BIRD had the session all the time. */
  readonly isLost: boolean;
  /** Since BIRD can be asked and the session is wanted. */
  readonly hasBeenUp: boolean;
}

export const UNKNOWN_PEER: PeerState = { isUp: false, isLost: false, hasBeenUp: false };
const UP: PeerState = { isUp: true, isLost: false, hasBeenUp: true };

/** @param said by BIRD; undefined where it has no such session. */
export function nextPeerState(before: PeerState, said: BfdState | undefined): PeerState {
  if (said === 'Up') return UP;
  const isThere = said === 'Down' || said === 'Init';
  return { isUp: false, isLost: isThere && (before.isUp || before.isLost), hasBeenUp: before.hasBeenUp };
}

/** Whether one of those who watch this node still sees it. */
export function seenBy(watchers: readonly PeerState[]): 'yes' | 'no' | 'unknown' {
  if (watchers.some(({ isUp }) => isUp)) return 'yes';
  return watchers.some(({ hasBeenUp }) => hasBeenUp) ? 'no' : 'unknown';
}
