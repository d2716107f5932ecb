/**
 * Announcements and routes in blocks of neighbouring addresses. A block in which nothing changed is the very same object as before, so every later step
 * (the diff, the text of bird.conf, its digest) does the work of the blocks that changed and passes the others on.
 */
import { type Address, bitsOf, compareAddresses, type Family } from '../../lib/net/address.ts';
import { type Announcement, isAnnounced } from './announcement.ts';

export interface AnnouncementBlock {
  readonly family: Family;
  /** At least one, sorted by address. */
  readonly announcements: readonly Announcement[];
  readonly routes: RouteBlock;
}

export interface RouteBlock {
  readonly family: Family;
  /** `192.0.2.7/32`, in the order of the addresses. */
  readonly prefixes: readonly string[];
}

/** Routes that go out with the same BGP attributes. All do in this version; BIRD has one static protocol for each group and family. */
export interface RouteGroup {
  readonly name: string;
  /** In the order of the addresses. */
  readonly blocks: readonly RouteBlock[];
}

/** The group of routes that carry no attribute of their own. */
export const PLAIN_GROUP = 'plain';

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
  const prefixes = sorted.filter(isAnnounced).map(({ text }) => `${text}/${bitsOf(family)}`);
  return { family, announcements: sorted, routes: { family, prefixes } };
}

export function compareBlocks(a: AnnouncementBlock, b: AnnouncementBlock): number {
  return compareAddresses(a.announcements[0]!.address, b.announcements[0]!.address);
}

export function announcementsIn(blocks: readonly AnnouncementBlock[]): readonly Announcement[] {
  return blocks.flatMap(({ announcements }) => announcements);
}

export function routeGroups(blocks: readonly AnnouncementBlock[]): readonly RouteGroup[] {
  const routes = blocks.map((block) => block.routes);
  return [{ name: PLAIN_GROUP, blocks: routes.filter(({ prefixes }) => prefixes.length > 0) }];
}

export function countRoutes(blocks: readonly RouteBlock[]): number {
  return blocks.reduce((sum, { prefixes }) => sum + prefixes.length, 0);
}
