/**
 * The BGP sessions of this node: one for each BgpPeer that selects it.
 *
 * A peer that can't have its session is left out with a reason; it never disturbs the others.
 */

import type { NodeState } from '../announce/node-state.ts';
import {
  type BfdOptions,
  type BgpConf,
  type BgpPeer,
  type GracefulRestartOptions,
  isSameRouter,
  type Neighbor,
  neighborConnects,
  neighborFamily,
  neighborText,
} from '../api/bgp/bgp.ts';
import type { BgpPeerObject } from '../api/bgp/bgp-types.ts';
import { parseBgpPeer } from '../api/bgp/parse-bgp-peer.ts';
import { secretPassword } from '../api/bgp/peer/secret-password.ts';
import { matchesLabels } from '../api/meta/label-selector.ts';
import { ageKey } from '../api/meta/object.ts';
import { formatProblems } from '../api/problem.ts';
import type { Reason } from '../api/reasons.ts';
import type { RefusedPeer as ToldRefusal } from '../api/skycap/speaker-types.ts';
import { type Address, type Family, formatAddress, isLoopback, sameAddress } from '../net/address.ts';
import type { SessionPasswords } from '../snapshot/session-passwords.ts';
import { type LocalEnd, localEndOf } from './local-end.ts';

/** One family of a session: routes of the family are sent, none is accepted. */
export interface SessionChannel {
  readonly family: Family;
  /** `self`: this node's end of the session. An address where the session runs over the other family. */
  readonly nextHop: 'self' | Address;
  /** IPv4 routes with an IPv6 next hop (RFC 8950). */
  readonly extendedNextHop: boolean;
  /** The node's address of the family. */
  readonly nodeAddress: Address;
}

export interface BgpSession {
  /** Name of the BgpPeer. */
  readonly peer: string;
  readonly description?: string;
  readonly neighbor: Neighbor;
  readonly neighborPort: number;
  readonly neighborAs: BgpPeer['neighborAs'];
  readonly localAs: number;
  readonly local: LocalEnd;
  readonly disabled: boolean;
  readonly passive: boolean;
  /** Hops to the router; `direct` where it is on a network of this node. */
  readonly reach: 'direct' | { readonly ttl: number };
  /** Packets from further away than `reach` are dropped (RFC 5082). */
  readonly ttlSecurity: boolean;
  /** Where the router is on a network of this node. */
  readonly interface?: string;
  readonly vrf?: string;
  readonly bfd?: BfdOptions;
  readonly gracefulRestart: GracefulRestartOptions;
  readonly holdTimeSeconds: number;
  readonly keepaliveSeconds: number;
  readonly connectRetrySeconds: number;
  /** Never shown. */
  readonly password?: string;
  /** A path by each node that may announce an address. Absent: by this node. */
  readonly nextHops?: 'AllNodes';
  /** At least one, IPv4 first. */
  readonly channels: readonly SessionChannel[];
}

/** A BgpPeer without a session on this node; what is as wanted is not told to others. */
export interface RefusedPeer extends Omit<ToldRefusal, 'reason'> {
  readonly reason: ToldRefusal['reason'] | Extract<Reason, 'AnnouncedByCni' | 'NodeNotSelected'>;
}

export interface DesiredSessions {
  /** Sorted by the name of the peer. */
  readonly sessions: readonly BgpSession[];
  readonly refused: readonly RefusedPeer[];
}

/** A session whose password is still to be looked up. */
type PlannedSession = BgpSession & Pick<BgpPeer, 'passwordRef'>;

/** Hops allowed within an AS, BIRD's default; the neighbour's own routing decides how far that is. */
const IBGP_TTL = 64;

type Unfit = Pick<RefusedPeer, 'reason' | 'message'>;

const BOTH_WAIT: Unfit = {
  reason: 'Invalid',
  message:
    'the router is to connect, by spec.transport.passiveMode, spec.conf.neighborPrefix or an interface alone, and the node takes no connection, by spec.listenPort or spec.listenAddresses of the BgpConf; change one of the two',
};

/** Of two peers with one address and port the older one has the session; their names break a tie. */
export function desiredSessions(
  peers: readonly BgpPeerObject[],
  nodeAs: number,
  node: NodeState,
  conf: SessionDefaults,
): DesiredSessions {
  const sessions: BgpSession[] = [];
  const refused: RefusedPeer[] = [];
  for (const raw of oldestFirst(peers)) {
    const result = sessionFor(raw, nodeAs, node, conf);
    if ('reason' in result) {
      refused.push(result);
      continue;
    }
    const isDeaf = !result.local.listens && result.passive;
    const unfit = isDeaf ? BOTH_WAIT : (withItself(result, node, conf.listenPort) ?? withOther(result, sessions));
    if (unfit) refused.push({ peer: result.peer, ...unfit });
    else sessions.push(...withPassword(result, conf.passwords, refused));
  }
  return { sessions: sessions.sort(byPeer), refused: refused.sort(byPeer) };
}

/** All that sessions are made from beside their BgpPeers and the node. */
export interface SessionDefaults
  extends Pick<BgpConf, 'listenPort' | 'dialOnly' | 'listenRanges' | 'families' | 'gracefulRestart'> {
  readonly passwords: SessionPasswords;
}

/** A session whose Secret can not be read keeps the password that it has. @returns none where it has none. */
function withPassword(
  { passwordRef, ...session }: PlannedSession,
  { secrets, inUse }: SessionPasswords,
  refused: RefusedPeer[],
): BgpSession[] {
  if (!passwordRef) return [session];
  const found = secretPassword(passwordRef, secrets.get(passwordRef.name) ?? { kind: 'unread' });
  if (found.ok) return [{ ...session, password: found.password }];
  const before = inUse(session.peer);
  const kept = before === undefined ? '' : '; the session keeps what it has';
  refused.push({ peer: session.peer, reason: 'PasswordNotFound', message: `${found.message}${kept}` });
  if (before === undefined) return [];
  return [{ ...session, ...(before.password !== undefined && { password: before.password }) }];
}

function withOther(session: BgpSession, others: readonly BgpSession[]): Unfit | undefined {
  const older = others.find((other) => isSameRouter(other, session));
  if (!older) return undefined;
  const port = neighborConnects(session.neighbor) ? '' : ` port ${session.neighborPort}`;
  const message = `${neighborText(session.neighbor)}${port} is the router of BgpPeer ${older.peer} already; delete one`;
  return { reason: 'Overlaps', message };
}

/** A daemon beside BIRD on the node may be meant, on a port of its own; BIRD takes none of the node's addresses for a neighbour on a network of it. */
function withItself(
  { neighbor, neighborPort, reach }: BgpSession,
  node: NodeState,
  listenPort: number,
): Unfit | undefined {
  if (neighbor.kind !== 'address') return undefined;
  const { address } = neighbor;
  if (!isOwnAddress(neighbor, node) || (neighborPort !== listenPort && reach !== 'direct')) return undefined;
  const whose = isLoopback(address) ? 'is each node itself' : `is an address of node ${node.name} itself`;
  const message = `${formatAddress(address)} ${whose}; write the router's, or for another BGP daemon on the node set spec.ebgpMultihop, and another spec.listenPort of the BgpConf or spec.transport.remotePort`;
  return { reason: 'OwnAddress', message };
}

/** A daemon on the node itself: its next hop is the address by which other machines reach the node. */
function isOwnAddress(neighbor: Neighbor, node: NodeState): boolean {
  if (neighbor.kind !== 'address') return false;
  const own = node.addresses[neighbor.address.family];
  return isLoopback(neighbor.address) || (own !== undefined && sameAddress(own, neighbor.address));
}

function sessionFor(
  raw: BgpPeerObject,
  nodeAs: number,
  node: NodeState,
  conf: SessionDefaults,
): PlannedSession | RefusedPeer {
  const name = raw.metadata.name ?? '';
  const parsed = parseBgpPeer(raw);
  if (!parsed.ok) return refuse(name, 'Invalid', formatProblems(parsed.problems));
  const peer = parsed.value;
  if (peer.announcedByCni) {
    return refuse(name, 'AnnouncedByCni', 'a CNI speaks with this router (label openelb.kubesphere.io/cni)');
  }
  if (!matchesLabels(peer.nodeSelector, node.labels)) {
    return refuse(name, 'NodeNotSelected', `spec.nodeSelector does not select node ${node.name}`);
  }
  const channels = channelsFor(peer, node, conf.families);
  if (channels.length === 0) {
    return refuse(name, 'NodeHasNoAddressOfFamily', `node ${node.name} has no InternalIP of a family of this session`);
  }
  return toSession(peer, { localAs: peer.localAs ?? nodeAs, channels, local: localEndOf(peer, node, conf) }, conf);
}

function toSession(
  peer: BgpPeer,
  made: Pick<BgpSession, 'localAs' | 'channels' | 'local'>,
  conf: SessionDefaults,
): PlannedSession {
  const { name, description, neighbor, bfd, vrf, password, passwordRef } = peer;
  const onInterface = 'interface' in neighbor ? neighbor.interface : peer.bindInterface;
  return {
    peer: name,
    ...(description !== undefined && { description }),
    neighbor,
    neighborPort: peer.neighborPort,
    neighborAs: peer.neighborAs,
    ...made,
    disabled: peer.disabled,
    passive: peer.passive || neighborConnects(neighbor),
    reach: reachOf(peer, made.localAs, onInterface),
    ttlSecurity: peer.ttlSecurityHops !== undefined,
    ...(onInterface !== undefined && { interface: onInterface }),
    ...(vrf !== undefined && { vrf }),
    ...(bfd && { bfd }),
    gracefulRestart: peer.gracefulRestart ?? conf.gracefulRestart,
    holdTimeSeconds: peer.holdTimeSeconds,
    keepaliveSeconds: peer.keepaliveSeconds,
    connectRetrySeconds: peer.connectRetrySeconds,
    ...(password !== undefined && { password }),
    ...(passwordRef && { passwordRef }),
    ...(peer.nextHops && { nextHops: peer.nextHops }),
  };
}

function reachOf(peer: BgpPeer, localAs: number, onInterface: string | undefined): BgpSession['reach'] {
  const { neighborAs, ebgpMultihopTtl, ttlSecurityHops } = peer;
  if (onInterface !== undefined || ttlSecurityHops === 1) return 'direct';
  if (ttlSecurityHops !== undefined) return { ttl: ttlSecurityHops };
  if (neighborAs === localAs || neighborAs === 'internal') return { ttl: IBGP_TTL };
  return ebgpMultihopTtl === undefined ? 'direct' : { ttl: ebgpMultihopTtl };
}

/** A family that the node has no address of has no channel: nothing could be announced in it. */
function channelsFor(
  { neighbor, families: ofPeer }: BgpPeer,
  node: NodeState,
  ofConf: readonly Family[] | undefined,
): SessionChannel[] {
  const wanted: readonly Family[] = ofPeer ?? ofConf ?? [4, 6];
  const isLinkLocal = neighbor.kind === 'linkLocal' || neighbor.kind === 'interface';
  return ([4, 6] as const).flatMap((family) => {
    const address = node.addresses[family];
    if (!address || !wanted.includes(family)) return [];
    const isSelf = isLinkLocal || (neighborFamily(neighbor) === family && !isOwnAddress(neighbor, node));
    const nextHop = isSelf ? ('self' as const) : address;
    return [{ family, nextHop, nodeAddress: address, extendedNextHop: isLinkLocal && family === 4 }];
  });
}

function refuse(peer: string, reason: RefusedPeer['reason'], message: string): RefusedPeer {
  return { peer, reason, message };
}

function oldestFirst(peers: readonly BgpPeerObject[]): BgpPeerObject[] {
  return peers.toSorted((a, b) => (ageKey(a) < ageKey(b) ? -1 : 1));
}

function byPeer(a: { readonly peer: string }, b: { readonly peer: string }): number {
  return a.peer < b.peer ? -1 : a.peer > b.peer ? 1 : 0;
}
