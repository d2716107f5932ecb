/**
 * Announcements and routes in blocks of neighbouring addresses. A block in which nothing changed is the very same object as before, so every later step
 * (the diff, the text of bird.conf, its digest) does the work of the blocks that changed and passes the others on.
 */
import { type PeerSelection, type RouteAttributes, selectsPeer } from '../api/eip/eip-bgp.ts';
import type { KubeObject } from '../api/meta/object.ts';
import { type Address, bitsOf, compareAddresses, type Family } from '../net/address.ts';
import { type AggregateRoute, type GroupTerms, PLAIN_GROUP } from './address-route.ts';
import { type Announcement, isAnnounced } from './announcement.ts';

export interface AnnouncementBlock {
  readonly family: Family;
  /** At least one, sorted by address. */
  readonly announcements: readonly Announcement[];
  readonly announcedCount: number;
  /** Host routes, one block for each group. */
  readonly routes: readonly GroupBlock[];
  /** Each once, of the addresses that are announced. */
  readonly aggregates: readonly AggregateRoute[];
  /** For sessions with `nextHops: AllNodes`, as the aggregates below. */
  readonly paths: readonly PathBlock[];
  readonly pathAggregates: readonly PathAggregate[];
}

export interface GroupBlock {
  readonly group: GroupTerms;
  readonly block: RouteBlock;
}

export interface RouteBlock {
  readonly family: Family;
  /** `192.0.2.7/32`, in the order of the addresses; aggregates are in blocks of their own. */
  readonly prefixes: readonly string[];
}

/** Host routes of one group that have the same next hops. */
export interface PathBlock extends GroupBlock {
  /** Names of nodes, at least one. */
  readonly nextHops: readonly string[];
}

export interface PathAggregate {
  readonly aggregate: AggregateRoute;
  readonly nextHops: ReadonlySet<string>;
}

/** Routes that go out with the same BGP attributes to the same BgpPeers. BIRD has one static protocol for each group and family. */
export interface RouteGroup {
  readonly name: string;
  readonly attributes: RouteAttributes;
  /** Names of the BgpPeers that get the routes, sorted. Absent: every BgpPeer gets them. */
  readonly peers?: readonly string[];
  /** In the order of the addresses. */
  readonly blocks: readonly RouteBlock[];
}

/** A block has 256 addresses: an IPv4 /24, an IPv6 /120. */
const BLOCK_BITS = 8n;

/** Equal for the addresses of one block. */
export function blockKeyOf({ family, value }: Address): string {
  return `${family}/${value >> BLOCK_BITS}`;
}

/** @param announcements at least one, all of one block. */
export function announcementBlock(announcements: readonly Announcement[]): AnnouncementBlock {
  const sorted = announcements.toSorted((a, b) => compareAddresses(a.address, b.address));
  const { family } = sorted[0]!.address;
  const announced = sorted.filter(isAnnounced);
  const aggregates = new Map(
    announced.flatMap(({ route: { aggregate } }) =>
      aggregate ? [[`${aggregate.prefix} ${aggregate.eip}`, aggregate] as const] : [],
    ),
  );
  return {
    ...{ family, announcements: sorted, announcedCount: announced.length },
    ...{ routes: hostRoutes(announced), aggregates: [...aggregates.values()] },
    ...{ paths: pathBlocks(sorted), pathAggregates: pathAggregates(sorted) },
  };
}

function hostRoutes(announced: readonly Announcement[]): GroupBlock[] {
  const byGroup = Map.groupBy(
    announced.filter(({ route }) => route.hasHostRoute),
    ({ route }) => route.group.key,
  );
  return [...byGroup.values()].map((some) => {
    const { address, route } = some[0]!;
    const prefixes = some.map(({ text }) => `${text}/${bitsOf(address.family)}`);
    return { group: route.group, block: { family: address.family, prefixes } };
  });
}

/** @param announcements sorted by address. */
function pathBlocks(announcements: readonly Announcement[]): PathBlock[] {
  const byHops = Map.groupBy(
    announcements.filter(({ route, nextHops }) => route.hasHostRoute && nextHops.length > 0),
    ({ route, nextHops }) => JSON.stringify([route.group.key, nextHops]),
  );
  return [...byHops.values()].map((some) => {
    const { address, route, nextHops } = some[0]!;
    const prefixes = some.map(({ text }) => `${text}/${bitsOf(address.family)}`);
    return { group: route.group, nextHops, block: { family: address.family, prefixes } };
  });
}

function pathAggregates(announcements: readonly Announcement[]): PathAggregate[] {
  const found = new Map<string, { readonly aggregate: AggregateRoute; readonly nextHops: Set<string> }>();
  for (const { route, nextHops } of announcements) {
    const { aggregate } = route;
    if (!aggregate || nextHops.length === 0) continue;
    const key = `${aggregate.prefix} ${aggregate.eip}`;
    const known = found.get(key) ?? { aggregate, nextHops: new Set() };
    found.set(key, known);
    for (const name of nextHops) known.nextHops.add(name);
  }
  return [...found.values()];
}

export function compareBlocks(a: AnnouncementBlock, b: AnnouncementBlock): number {
  return compareAddresses(a.announcements[0]!.address, b.announcements[0]!.address);
}

export function announcementsIn(blocks: readonly AnnouncementBlock[]): readonly Announcement[] {
  return blocks.flatMap(({ announcements }) => announcements);
}

/**
 * The groups, sorted by name; that of routes without attributes is always there.
 *
 * @param peers every BgpPeer that may have a session.
 */
export function routeGroups(blocks: readonly AnnouncementBlock[], peers: readonly KubeObject[]): readonly RouteGroup[] {
  const hosts = blocks.flatMap(({ routes }) => routes);
  const aggregates = blocks.flatMap(({ family, aggregates: all }) => all.map((route) => ({ family, route })));
  const groups = groupsFrom(hosts, aggregates, peers);
  const { name, attributes } = PLAIN_GROUP;
  if (groups.some((group) => group.name === name)) return groups;
  return [...groups, { name, attributes, blocks: [] }].sort(byName);
}

/** Sorted by name. */
export function groupsFrom(
  hosts: readonly GroupBlock[],
  aggregates: readonly AggregateBlock[],
  peers: readonly KubeObject[],
): readonly RouteGroup[] {
  const byKey = Map.groupBy([...hosts, ...aggregateBlocks(aggregates)], ({ group }) => group.key);
  return [...byKey.values()]
    .map((all) => {
      const { name, attributes, peers: selections } = all[0]!.group;
      return {
        ...{ name, attributes, blocks: all.map(({ block }) => block) },
        ...(selections.length > 0 && { peers: receivers(selections, peers) }),
      };
    })
    .sort(byName);
}

function byName(a: RouteGroup, b: RouteGroup): number {
  return a.name < b.name ? -1 : 1;
}

function receivers(selections: readonly PeerSelection[], peers: readonly KubeObject[]): string[] {
  return peers.flatMap(({ metadata }) => (selectsPeer(selections, metadata) ? [metadata.name ?? ''] : [])).sort();
}

export interface AggregateBlock {
  readonly family: Family;
  readonly route: AggregateRoute;
}

/** Of Eips that have the same aggregate, the one whose name comes first has it. */
function aggregateBlocks(aggregates: readonly AggregateBlock[]): GroupBlock[] {
  const byPrefix = new Map<string, AggregateBlock>();
  for (const one of aggregates) {
    const known = byPrefix.get(one.route.prefix);
    if (!known || one.route.eip < known.route.eip) byPrefix.set(one.route.prefix, one);
  }
  return [...byPrefix.values()].map(({ family, route }) => ({
    group: route.group,
    block: { family, prefixes: [route.prefix] },
  }));
}

export function countAnnounced(blocks: readonly AnnouncementBlock[]): number {
  return blocks.reduce((sum, { announcedCount }) => sum + announcedCount, 0);
}
