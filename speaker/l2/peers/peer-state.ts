/**
 * The state of another node, by the BFD session with it. Pure; `peer-watch.ts` reads BIRD.
 *
 *     unknown ─Up─▶ up ─Down─▶ lost ─Up─▶ up          BIRD has no session (its link is down): not lost
 *
 * Only Up → Down counts: a session that never comes up shows a firewall, not the loss of the node.
 */
import type { BfdState } from '../../bird/session/bfd-sessions.ts';

export interface PeerState {
  readonly isUp: boolean;
  /** The session was Up and went Down, and BIRD had the session all the time. */
  readonly isLost: boolean;
  /** Since BIRD answers and the session is wanted. */
  readonly hasBeenUp: boolean;
}

export const UNKNOWN_PEER: PeerState = { isUp: false, isLost: false, hasBeenUp: false };
const UP: PeerState = { isUp: true, isLost: false, hasBeenUp: true };

/** @param session as BIRD shows it; undefined if BIRD has no such session. */
export function nextPeerState(before: PeerState, session: BfdState | undefined): PeerState {
  if (session === 'Up') return UP;
  const isThere = session === 'Down' || session === 'Init';
  return { isUp: false, isLost: isThere && (before.isUp || before.isLost), hasBeenUp: before.hasBeenUp };
}

/** Whether a watcher of this node still sees it. */
export function seenBy(watchers: readonly PeerState[]): 'yes' | 'no' | 'unknown' {
  if (watchers.some(({ isUp }) => isUp)) return 'yes';
  return watchers.some(({ hasBeenUp }) => hasBeenUp) ? 'no' : 'unknown';
}
