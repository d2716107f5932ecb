/**
 * BIRD's configuration as data: the plan in BIRD's own terms. `render.ts` writes it out.
 *
 * A session stays up through a change of routes, export filters, description or BFD timers, and where BFD is switched on. Each other field of a
 * {@link BgpProtocol} resets its session and no other. (All measured, with 2.0.12 and 2.17.6; a `next hop` of a channel, too, resets it with 2.17.6.)
 */
import {
  type BfdOptions,
  type GracefulRestartOptions,
  type Neighbor,
  neighborConnects,
} from '../../../lib/api/bgp/bgp.ts';
import { PLAIN_GROUP } from '../../../lib/bgp/address-route.ts';
import type { NodePaths } from '../../../lib/bgp/node-paths.ts';
import type { BgpPlan, Plan } from '../../../lib/bgp/plan.ts';
import type { RouteBlock, RouteGroup } from '../../../lib/bgp/routes.ts';
import type { BgpSession, SessionChannel } from '../../../lib/bgp/sessions.ts';
import { type Family, formatAddress } from '../../../lib/net/address.ts';
import type { AddressRange } from '../../../lib/net/range.ts';
import type { BfdNeighbor } from '../../../lib/snapshot/bfd-neighbor.ts';
import { definitionsFor, exportStatements, GRACEFUL_SHUTDOWN, importStatements, marksOf } from './attributes.ts';
import { nodeAsNextHop } from './policy/action-lines.ts';
import { policyStatements } from './policy/policy-statements.ts';
import { symbolFor } from './symbol.ts';
import { type BirdVersion, saysAuthentication } from './version.ts';

/** Routes of one family and one set of attributes, which are set in this protocol's import filter: the fast form. */
export interface StaticProtocol {
  readonly symbol: string;
  readonly channel: 'ipv4' | 'ipv6';
  /** Absent: BIRD's own of the family. */
  readonly table?: string;
  /** Of the import filter, `bgp_community.add((65000, 100));`; none where routes stay as they are. */
  readonly imports: readonly string[];
  /** In the order of the addresses. */
  readonly blocks: readonly RouteBlock[];
}

export interface BgpChannel {
  readonly channel: 'ipv4' | 'ipv6';
  /** Of the paths by all nodes, which are sent by ADD-PATH (RFC 7911). Absent: BIRD's own of the family. */
  readonly table?: string;
  readonly extendedNextHop: boolean;
  /**
   * Of the export filter, between the choice of static routes and `accept;`; none where all static routes go out as they are. They set the next hop, too, where
   * that is not this node's end of the session.
   */
  readonly exports: readonly string[];
}

export interface BgpProtocol {
  readonly symbol: string;
  /** How the protocols of routers that connect are named, before their number. Absent where the router is known. */
  readonly dynamicName?: string;
  readonly description: string;
  readonly disabled: boolean;
  /** `port 179`, or `192.0.2.11 port 179`. */
  readonly local: string;
  readonly strictBind: boolean;
  readonly localAs: number;
  /** `192.0.2.1 port 179`, or `range 192.0.2.0/24`. */
  readonly neighbor: string;
  /** `as 64513`, `external` or `internal`. */
  readonly neighborAs: string;
  /** `direct` or `multihop 2`. */
  readonly reach: string;
  readonly ttlSecurity: boolean;
  readonly interface?: string;
  readonly vrf?: string;
  readonly bfd?: BfdOptions;
  readonly gracefulRestart: GracefulRestartOptions;
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
  /** Attributes and a function that the filters use. */
  readonly definitions: readonly string[];
  /** Beside BIRD's own: `ipv4 table skycap_paths_v4;`. */
  readonly tables: readonly string[];
  readonly statics: readonly StaticProtocol[];
  readonly sessions: readonly BgpProtocol[];
  /** Sorted by neighbour. */
  readonly bfd: readonly BfdSession[];
  /** Interfaces, sorted, on which routers learn the node's link-local address from router advertisements (RFC 4861). */
  readonly advertised: readonly string[];
}

/** The protocol of a BgpPeer; `sessions.ts` finds the session by it. */
export function peerSymbol(peer: string): string {
  return symbolFor('skycap_peer_', peer);
}

/** BIRD appends a number, of at most so many digits. */
const NUMBER_DIGITS = 6;

/** No spelling of a name has `_N` in it, so the number ends what is before it. */
export function dynamicName(peer: string): string {
  return `${symbolFor('skycap_from_', peer, NUMBER_DIGITS + 2)}_N`;
}

export function buildBirdConfig(plan: Plan, version: BirdVersion): BirdConfig {
  const { bgp } = plan;
  const unnumbered = bgp.sessions.flatMap(({ neighbor }) => (neighbor.kind === 'interface' ? neighbor.interface : []));
  const marks = marksOf(groupsOf(bgp));
  return {
    routerId: bgp.routerId,
    definitions: definitionsFor(marks),
    tables: bgp.paths ? FAMILIES.map((family) => `${channelName(family)} table ${pathTable(family)};`) : [],
    statics: [
      ...bgp.routes.flatMap((group) => staticProtocols(group)),
      ...(bgp.paths ?? []).flatMap((paths) => pathProtocols(paths, paths.node.name === bgp.nodeName)),
    ],
    sessions: bgp.sessions
      .map((session) => bgpProtocol(session, bgp, version))
      .sort((a, b) => (a.symbol < b.symbol ? -1 : 1)),
    bfd: plan.bfd.map(bfdSession).sort((a, b) => (a.neighbor < b.neighbor ? -1 : 1)),
    advertised: [...new Set(unnumbered)].sort(),
  };
}

/** That of the routes without attributes is always there, for each family. */
function staticProtocols(group: RouteGroup): StaticProtocol[] {
  const families = FAMILIES.filter(
    (family) => group.name === PLAIN_GROUP.name || group.blocks.some((block) => block.family === family),
  );
  return families.map((family) => staticProtocol(group, family));
}

function staticProtocol(group: RouteGroup, family: Family): StaticProtocol {
  return {
    symbol: symbolFor(`skycap_routes_v${family}_`, group.name),
    channel: channelName(family),
    imports: importStatements(group),
    blocks: group.blocks.filter((block) => block.family === family),
  };
}

/** The paths by one node. BIRD sends the path by the node itself where a router gets only one. */
function pathProtocols({ node, groups }: NodePaths, isSelf: boolean): StaticProtocol[] {
  return groups.flatMap((group) =>
    FAMILIES.flatMap((family): StaticProtocol[] => {
      const [address, blocks] = [node.addresses[family], group.blocks.filter((block) => block.family === family)];
      if (!address || blocks.length === 0) return [];
      const nextHop = `bgp_next_hop = ${formatAddress(address)};`;
      return [
        {
          symbol: symbolFor(`skycap_path_v${family}_`, `${node.name}/${group.name}`),
          ...{ channel: channelName(family), table: pathTable(family), blocks },
          imports: [nextHop, ...(isSelf ? [`preference = ${OWN_PREFERENCE};`] : []), ...importStatements(group)],
        },
      ];
    }),
  );
}

function pathTable(family: Family): string {
  return `skycap_paths_v${family}`;
}

function channelName(family: Family): 'ipv4' | 'ipv6' {
  return family === 4 ? 'ipv4' : 'ipv6';
}

/** Of the routes and of the paths: their names are those of Eips, so a group of both is the same. */
function groupsOf({ routes, paths = [] }: BgpPlan): readonly RouteGroup[] {
  return [...routes, ...paths.flatMap(({ groups }) => groups)];
}

function bgpProtocol(session: BgpSession, bgp: BgpPlan, version: BirdVersion): BgpProtocol {
  const { peer, description, neighbor, neighborPort, neighborAs, local, reach, channels, ...same } = session;
  return {
    ...same,
    symbol: peerSymbol(peer),
    ...(neighborConnects(neighbor) && { dynamicName: dynamicName(peer) }),
    description: harmless(description === undefined ? `BgpPeer ${peer}` : `BgpPeer ${peer}: ${description}`),
    local: `${local.address ? `${formatAddress(local.address)} ` : ''}port ${local.port}`,
    strictBind: local.strictBind,
    neighbor: neighborWords(neighbor, neighborPort),
    neighborAs: typeof neighborAs === 'number' ? `as ${neighborAs}` : neighborAs,
    reach: reach === 'direct' ? 'direct' : `multihop ${reach.ttl}`,
    saysAuthentication: session.password !== undefined && saysAuthentication(version),
    channels: channels.map((channel) => bgpChannel(channel, session, bgp)),
  };
}

function neighborWords(neighbor: Neighbor, port: number): string {
  switch (neighbor.kind) {
    case 'interface':
      return `range ${LINK_LOCAL}`;
    case 'prefix':
      return `range ${neighbor.text}`;
    default:
      return `${formatAddress(neighbor.address)} port ${port}`;
  }
}

function bgpChannel(channel: SessionChannel, session: BgpSession, bgp: BgpPlan): BgpChannel {
  const { family, extendedNextHop } = channel;
  return {
    channel: channelName(family),
    ...(session.nextHops && { table: pathTable(family) }),
    extendedNextHop,
    exports: exportsOf(channel, session, bgp),
  };
}

/** The attributes of the routes come first, and the policy sees them. No policy takes off what maintenance adds. */
function exportsOf(channel: SessionChannel, session: BgpSession, bgp: BgpPlan): readonly string[] {
  const { policy, gracefulShutdown } = bgp;
  const groups = groupsOf(bgp);
  const { family, nextHop, nodeAddress } = channel;
  const { neighbor, neighborAs, localAs } = session;
  const isExternal = neighborAs === 'external' || (neighborAs !== 'internal' && neighborAs !== localAs);
  const facts = {
    ...{ family, nodeAddress, neighbor: neighborRange(neighbor) },
    ...(isExternal && { ownAs: localAs }),
    isOverOtherFamily: nextHop !== 'self',
    attributes: groups.map(({ attributes }) => attributes),
    // A node in maintenance takes its own path away, and sends those of the others.
    atAccept: gracefulShutdown && !session.nextHops ? GRACEFUL_SHUTDOWN : [],
  };
  return [
    ...(session.nextHops ? [KEEP_NEXT_HOP] : facts.isOverOtherFamily ? [nodeAsNextHop(facts)] : []),
    ...exportStatements(session, marksOf(groups)),
    ...(policy ? policyStatements(policy, facts) : facts.atAccept),
  ];
}

/** The addresses that the router may have. */
function neighborRange(neighbor: Neighbor): AddressRange {
  switch (neighbor.kind) {
    case 'interface':
      return LINK_LOCAL_RANGE;
    case 'prefix':
      return neighbor.range;
    default: {
      const { family, value } = neighbor.address;
      return { family, first: value, last: value };
    }
  }
}

function bfdSession({ address, local, isDirect }: BfdNeighbor): BfdSession {
  return { neighbor: formatAddress(address), local: formatAddress(local), multihop: !isDirect };
}

const FAMILIES = [4, 6] as const;
/** BIRD's preference of static routes is 200. */
const OWN_PREFERENCE = 201;
/** BIRD sends a next hop of another node where the export filter sets it. */
const KEEP_NEXT_HOP = 'bgp_next_hop = bgp_next_hop;';
const LINK_LOCAL = 'fe80::/10';
const LINK_LOCAL_RANGE: AddressRange = { family: 6, first: 0xfe80n << 112n, last: (0xfec0n << 112n) - 1n };
const LONGEST_DESCRIPTION = 120;

/** Free text as one of BIRD's strings can hold it: they have no escapes, end at a quote and at a newline, and crash BIRD when long. */
function harmless(text: string): string {
  const clean = text
    .toWellFormed()
    .replace(/"/g, "'")
    .replace(/\p{C}+/gu, ' ');
  return Array.from(clean).slice(0, LONGEST_DESCRIPTION).join('');
}
