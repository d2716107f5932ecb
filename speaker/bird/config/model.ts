/**
 * BIRD's configuration as data: the plan in BIRD's own terms. `render.ts` writes it out.
 *
 * What keeps a session up through a change (measured with 2.0.12 and 2.17.5): routes, filters, next hops and descriptions may change freely;
 * a change of any other field of a {@link BgpProtocol} resets that session and no other.
 */
import { formatAddress } from '../../../lib/net/address.ts';
import type { BfdNeighbor } from '../../cluster/bfd-neighbor.ts';
import type { Plan } from '../../desired/plan.ts';
import type { RouteBlock, RouteGroup } from '../../desired/routes.ts';
import type { BgpSession, SessionChannel } from '../../desired/sessions.ts';
import { symbolFor } from './symbol.ts';
import { type BirdVersion, saysAuthentication } from './version.ts';

/** Routes of one family and one set of attributes, which would be set in this protocol's import filter: the fast form. */
export interface StaticProtocol {
  readonly symbol: string;
  readonly channel: 'ipv4' | 'ipv6';
  /** In the order of the addresses. */
  readonly blocks: readonly RouteBlock[];
}

export interface BgpChannel {
  readonly channel: 'ipv4' | 'ipv6';
  /** `self`, or `address 192.0.2.11`. */
  readonly nextHop: string;
}

export interface BgpProtocol {
  readonly symbol: string;
  readonly description: string;
  readonly disabled: boolean;
  readonly listenPort: number;
  readonly localAs: number;
  readonly neighbor: string;
  readonly neighborPort: number;
  readonly neighborAs: number;
  /** `direct` or `multihop 2`. */
  readonly reach: string;
  readonly passive: boolean;
  readonly holdTimeSeconds: number;
  readonly keepaliveSeconds: number;
  readonly connectRetrySeconds: number;
  readonly password?: string;
  /** Whether the password needs `authentication md5` beside it. */
  readonly saysAuthentication: boolean;
  readonly channels: readonly BgpChannel[];
}

/** One may come or go, and no other session notices (measured with 2.0.12). */
export interface BfdSession {
  readonly neighbor: string;
  readonly local: string;
  readonly multihop: boolean;
}

export interface BirdConfig {
  readonly routerId: string;
  readonly statics: readonly StaticProtocol[];
  readonly sessions: readonly BgpProtocol[];
  /** Sorted by neighbour. */
  readonly bfd: readonly BfdSession[];
}

/** The protocol of a BgpPeer; `sessions.ts` finds the session by it. */
export function peerSymbol(peer: string): string {
  return symbolFor('skycap_peer_', peer);
}

export function buildBirdConfig(plan: Plan, version: BirdVersion): BirdConfig {
  const { bgp } = plan;
  return {
    routerId: bgp.routerId,
    statics: bgp.routes.flatMap((group) => [staticProtocol(group, 4), staticProtocol(group, 6)]),
    sessions: bgp.sessions
      .map((session) => bgpProtocol(session, bgp.listenPort, version))
      .sort((a, b) => (a.symbol < b.symbol ? -1 : 1)),
    bfd: plan.bfd.map(bfdSession).sort((a, b) => (a.neighbor < b.neighbor ? -1 : 1)),
  };
}

function staticProtocol(group: RouteGroup, family: 4 | 6): StaticProtocol {
  return {
    symbol: symbolFor(`skycap_routes_v${family}_`, group.name),
    channel: family === 4 ? 'ipv4' : 'ipv6',
    blocks: group.blocks.filter((block) => block.family === family),
  };
}

function bgpProtocol(session: BgpSession, listenPort: number, version: BirdVersion): BgpProtocol {
  const { peer, description, neighbor, reach, channels, ...same } = session;
  return {
    ...same,
    symbol: peerSymbol(peer),
    description: harmless(description === undefined ? `BgpPeer ${peer}` : `BgpPeer ${peer}: ${description}`),
    listenPort,
    neighbor: formatAddress(neighbor),
    reach: reach === 'direct' ? 'direct' : `multihop ${reach.ttl}`,
    saysAuthentication: session.password !== undefined && saysAuthentication(version),
    channels: channels.map(bgpChannel),
  };
}

function bgpChannel({ family, nextHop }: SessionChannel): BgpChannel {
  return {
    channel: family === 4 ? 'ipv4' : 'ipv6',
    nextHop: nextHop === 'self' ? 'self' : `address ${formatAddress(nextHop)}`,
  };
}

function bfdSession({ address, local, isDirect }: BfdNeighbor): BfdSession {
  return { neighbor: formatAddress(address), local: formatAddress(local), multihop: !isDirect };
}

const LONGEST_DESCRIPTION = 120;

/** Free text as one of BIRD's strings can hold it: they have no escapes, end at a quote and at a newline, and crash BIRD when long. */
function harmless(text: string): string {
  const clean = text
    .toWellFormed()
    .replace(/"/g, "'")
    .replace(/\p{C}+/gu, ' ');
  return Array.from(clean).slice(0, LONGEST_DESCRIPTION).join('');
}
