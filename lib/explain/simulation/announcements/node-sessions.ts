/** The BGP sessions of every node: planned, and up or down by the last report or, after a change, by what the change does to them. PURE. */
import { createHash } from 'node:crypto';
import type { Protocols } from '../../../api/eip/protocols.ts';
import { jsonKey } from '../../../api/meta/json-key.ts';
import { AnnouncementIndex } from '../../../bgp/announcement-index.ts';
import { type BgpPlan, makePlan, type Planned } from '../../../bgp/plan.ts';
import type { BgpSession } from '../../../bgp/sessions.ts';
import type { Family } from '../../../net/address.ts';
import type { Snapshot } from '../../../snapshot/snapshot.ts';
import type { RunningNode } from '../world.ts';

export interface NodeSession {
  readonly node: string;
  /** Name of the BgpPeer. */
  readonly peer: string;
  /** `expected`: the session is new, or begins again; nothing is known of the router's side. */
  readonly state: 'up' | 'down' | 'expected';
  readonly families: readonly Family[];
  readonly isForAllNodes: boolean;
  /** Equal as long as BIRD keeps the session. A digest: it is made from the password, too. */
  readonly fingerprint: string;
  readonly hasBfd: boolean;
  /** `adminDown`. */
  readonly disabled: boolean;
}

export interface NodeSessions {
  readonly sessions: readonly NodeSession[];
  /** BgpPeers that select the node and have no session, and why. */
  readonly refused: ReadonlyMap<string, string>;
  /** Why the node has no session at all. */
  readonly none?: string;
  /** Why BIRD keeps the configuration that it has, whatever the objects say. */
  readonly held?: string;
}

const NO_SERVICES: Snapshot['services'] = { get: () => undefined, values: () => [] };

/** @param former the session of a node with a BgpPeer before the change; absent: the last report counts. */
export function sessionsOf(
  { name, status }: RunningNode,
  snapshot: Snapshot,
  protocols: Protocols,
  former?: (node: string, peer: string) => NodeSession | undefined,
): NodeSessions {
  const planned = makePlan({ ...snapshot, services: NO_SERVICES }, new AnnouncementIndex(), protocols);
  if (planned.kind === 'hold') return { sessions: [], refused: new Map(), held: planned.message };
  const { bgp } = planned.plan;
  const sessions = bgp.sessions.map((session): NodeSession => {
    const { peer, channels, nextHops, bfd, disabled } = session;
    const one = {
      node: name,
      peer,
      families: channels.map(({ family }) => family),
      isForAllNodes: nextHops !== undefined,
      fingerprint: fingerprintOf(bgp, session),
      hasBfd: bfd !== undefined,
      disabled,
    };
    const state = disabled ? 'down' : former ? stateAfter(one, former(name, peer)) : reported(peer, status);
    return { ...one, state };
  });
  return { sessions, refused: refusedIn(planned), ...(planned.noBgp && { none: planned.noBgp.message }) };
}

export function carriesRoutes({ state }: NodeSession): boolean {
  return state !== 'down';
}

/** BIRD ends the session and begins it again (docs/bgp.md). */
export function isReset(
  before: Pick<NodeSession, 'fingerprint' | 'hasBfd'>,
  after: Pick<NodeSession, 'fingerprint' | 'hasBfd'>,
): boolean {
  return before.fingerprint !== after.fingerprint || (before.hasBfd && !after.hasBfd);
}

function stateAfter(session: Omit<NodeSession, 'state'>, before: NodeSession | undefined): NodeSession['state'] {
  return before && !before.disabled && !isReset(before, session) ? before.state : 'expected';
}

function reported(peer: string, { sessions = [] }: RunningNode['status']): NodeSession['state'] {
  const isUp = sessions.some((one) => one.peer === peer && one.state === 'Established' && !one.disabled);
  return isUp ? 'up' : 'down';
}

function refusedIn(planned: Planned & { kind: 'plan' }): ReadonlyMap<string, string> {
  return new Map(planned.refusedPeers.map(({ peer, message }) => [peer, message]));
}

/** A description and BFD's timers change in a running session. */
function fingerprintOf({ routerId }: BgpPlan, { description: _, bfd: __, ...session }: BgpSession): string {
  return createHash('sha256')
    .update(jsonKey([routerId, session]) ?? '')
    .digest('hex');
}
