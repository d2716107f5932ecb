/**
 * The BGP sessions of this node: one for each BgpPeer that selects it.
 *
 * A peer that can't have its session is left out with a reason; it never disturbs the others.
 */

import type { NodeState } from '../../lib/announce/node-state.ts';
import { BGP_PORT, type BgpConf, type BgpPeer } from '../../lib/api/bgp/bgp.ts';
import type { BgpPeerObject } from '../../lib/api/bgp/bgp-types.ts';
import { parseBgpPeer } from '../../lib/api/bgp/parse-bgp-peer.ts';
import { matchesLabels } from '../../lib/api/meta/label-selector.ts';
import { formatProblems } from '../../lib/api/problem.ts';
import type { Reason } from '../../lib/api/reasons.ts';
import type { RefusedPeer as ToldRefusal } from '../../lib/api/skycap/speaker-types.ts';
import { type Address, type Family, formatAddress, isLoopback, sameAddress } from '../../lib/net/address.ts';

/** One family of a session: routes of the family are sent, none is accepted. */
export interface SessionChannel {
  readonly family: Family;
  /** `self`: this node's end of the session. An address where the session runs over the other family. */
  readonly nextHop: 'self' | Address;
}

export interface BgpSession {
  /** Name of the BgpPeer. */
  readonly peer: string;
  readonly description?: string;
  readonly neighbor: Address;
  readonly neighborPort: number;
  readonly neighborAs: number;
  readonly localAs: number;
  readonly disabled: boolean;
  readonly passive: boolean;
  /** Hops to the router; `direct` where it is on a network of this node. */
  readonly reach: 'direct' | { readonly ttl: number };
  readonly holdTimeSeconds: number;
  readonly keepaliveSeconds: number;
  readonly connectRetrySeconds: number;
  /** Never shown. */
  readonly password?: string;
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

/** Hops allowed within an AS, BIRD's default; the neighbour's own routing decides how far that is. */
const IBGP_TTL = 64;

type Unfit = Pick<RefusedPeer, 'reason' | 'message'>;

const BOTH_WAIT: Unfit = {
  reason: 'Invalid',
  message:
    'spec.transport.passiveMode waits for the router, and spec.listenPort: -1 of the BgpConf takes no connection; change one of the two',
};

/** Of two peers with one address and port the older one has the session; their names break a tie. */
export function desiredSessions(
  peers: readonly BgpPeerObject[],
  nodeAs: number,
  node: NodeState,
  { listenPort, dialOnly }: Pick<BgpConf, 'listenPort' | 'dialOnly'> = { listenPort: BGP_PORT, dialOnly: false },
): DesiredSessions {
  const sessions = new Map<string, BgpSession>();
  const refused: RefusedPeer[] = [];
  for (const raw of oldestFirst(peers)) {
    const result = sessionFor(raw, nodeAs, node);
    if ('reason' in result) {
      refused.push(result);
      continue;
    }
    const unfit = dialOnly && result.passive ? BOTH_WAIT : withItself(result, node, listenPort);
    if (unfit) {
      refused.push({ peer: result.peer, ...unfit });
      continue;
    }
    const end = `${formatAddress(result.neighbor)} port ${result.neighborPort}`;
    const older = sessions.get(end);
    if (older)
      refused.push(
        refuse(result.peer, 'Overlaps', `${end} is the router of BgpPeer ${older.peer} already; delete one`),
      );
    else sessions.set(end, result);
  }
  return { sessions: [...sessions.values()].sort(byPeer), refused: refused.sort(byPeer) };
}

/** A daemon beside BIRD on the node may be meant, on a port of its own; BIRD takes none of the node's addresses for a neighbour on a network of it. */
function withItself(
  { neighbor, neighborPort, reach }: BgpSession,
  node: NodeState,
  listenPort: number,
): Unfit | undefined {
  const own = node.addresses[neighbor.family];
  const isOwn = isLoopback(neighbor) || (own !== undefined && sameAddress(own, neighbor));
  if (!isOwn || (neighborPort !== listenPort && reach !== 'direct')) return undefined;
  const whose = isLoopback(neighbor) ? 'is each node itself' : `is an address of node ${node.name} itself`;
  const message = `${formatAddress(neighbor)} ${whose}; write the router's, or for another BGP daemon on the node its port, and spec.ebgpMultihop`;
  return { reason: 'OwnAddress', message };
}

function sessionFor(raw: BgpPeerObject, nodeAs: number, node: NodeState): BgpSession | RefusedPeer {
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
  const channels = channelsFor(peer, node);
  if (channels.length === 0) {
    return refuse(name, 'NodeHasNoAddressOfFamily', `node ${node.name} has no InternalIP of a family of this session`);
  }
  return toSession(peer, peer.localAs ?? nodeAs, channels);
}

function toSession(peer: BgpPeer, localAs: number, channels: readonly SessionChannel[]): BgpSession {
  return {
    peer: peer.name,
    ...(peer.description !== undefined && { description: peer.description }),
    neighbor: peer.neighbor,
    neighborPort: peer.neighborPort,
    neighborAs: peer.neighborAs,
    localAs,
    disabled: peer.disabled,
    passive: peer.passive,
    reach: reachOf(localAs === peer.neighborAs, peer.ebgpMultihopTtl),
    holdTimeSeconds: peer.holdTimeSeconds,
    keepaliveSeconds: peer.keepaliveSeconds,
    connectRetrySeconds: peer.connectRetrySeconds,
    ...(peer.password !== undefined && { password: peer.password }),
    channels,
  };
}

function reachOf(isInternal: boolean, ebgpMultihopTtl: number | undefined): BgpSession['reach'] {
  if (isInternal) return { ttl: IBGP_TTL };
  return ebgpMultihopTtl === undefined ? 'direct' : { ttl: ebgpMultihopTtl };
}

/** A family that the node has no address of has no channel: nothing could be announced in it. */
function channelsFor(peer: BgpPeer, node: NodeState): SessionChannel[] {
  const wanted: readonly Family[] = peer.families ?? [4, 6];
  return ([4, 6] as const).flatMap((family) => {
    const address = node.addresses[family];
    if (!address || !wanted.includes(family)) return [];
    return [{ family, nextHop: peer.neighbor.family === family ? ('self' as const) : address }];
  });
}

function refuse(peer: string, reason: RefusedPeer['reason'], message: string): RefusedPeer {
  return { peer, reason, message };
}

/** RFC 3339 in UTC, as the API server writes it, sorts as text. An object without a time is not stored yet. */
function oldestFirst(peers: readonly BgpPeerObject[]): BgpPeerObject[] {
  const age = ({ metadata }: BgpPeerObject) => `${metadata.creationTimestamp ?? '~'} ${metadata.name}`;
  return [...peers].sort((a, b) => (age(a) < age(b) ? -1 : 1));
}

function byPeer(a: { readonly peer: string }, b: { readonly peer: string }): number {
  return a.peer < b.peer ? -1 : a.peer > b.peer ? 1 : 0;
}
