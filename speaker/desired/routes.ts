/**
 * Which addresses this node announces, and for each one that it doesn't, why.
 *
 * A decision is remembered with the object of its Service, for as long as what it was made from is the same: with ten thousand Services, one more is
 * one decision more and not ten thousand.
 */

import { eipOfAddress } from '../../lib/announce/eip-of-address.ts';
import { announceReason } from '../../lib/announce/eligible.ts';
import { placesOf, viewFrom } from '../../lib/announce/endpoints.ts';
import type { NodeState } from '../../lib/announce/node-state.ts';
import { keyOf } from '../../lib/api/meta/object.ts';
import type { Reason } from '../../lib/api/reasons.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { EndpointSlice, Service } from '../../lib/api/service/service.ts';
import { type Address, compareAddresses, formatAddress } from '../../lib/net/address.ts';
import type { Snapshot } from '../cluster/snapshot.ts';

/** The decision about one address on this node. */
export interface Announcement {
  readonly address: Address;
  /** The address in canonical text. */
  readonly text: string;
  /** `Announced`, or why not. */
  readonly reason: Reason;
  /** Keys of the Services that hold the address and led to this decision, sorted. */
  readonly services: readonly string[];
}

/** Routes that go out with the same BGP attributes. All do in this version; BIRD has one static protocol a group and family. */
export interface RouteGroup {
  readonly name: string;
  /** Sorted by address. */
  readonly routes: readonly Pick<Announcement, 'address' | 'text'>[];
}

/** The group of routes that carry no attribute of their own. */
export const PLAIN_GROUP = 'plain';

/** One decision an address, sorted. Where Services share an address, one that wants it announced is enough. */
export function decideAnnouncements(snapshot: Snapshot, node: NodeState): readonly Announcement[] {
  const gathered = { snapshot, node, nodeKey: nodeKeyOf(node) };
  const decided = new Map<string, Announcement>();
  const sharers = new Map<string, Announcement[]>();
  for (const service of snapshot.services) {
    for (const own of announcementsOf(gathered, service)) {
      const other = decided.get(own.text);
      if (!other) decided.set(own.text, own);
      else sharers.set(own.text, [...(sharers.get(own.text) ?? [other]), own]);
    }
  }
  for (const [text, all] of sharers) decided.set(text, all.sort(byService).reduce(mergeSharers));
  return inOrder(decided);
}

/** The order found last. Most of it holds the next time, and what is sorted already is sorted quickly. */
let orderedBefore: readonly Announcement[] = [];

function inOrder(decided: Map<string, Announcement>): readonly Announcement[] {
  const stillThere = orderedBefore.filter((one) => decided.get(one.text) === one && decided.delete(one.text));
  const all = [...stillThere, ...decided.values()];
  orderedBefore = all.sort((a, b) => compareAddresses(a.address, b.address));
  return orderedBefore;
}

export function routeGroups(announcements: readonly Announcement[]): readonly RouteGroup[] {
  return [{ name: PLAIN_GROUP, routes: announcements.filter(({ reason }) => reason === 'Announced') }];
}

interface Gathered {
  readonly snapshot: Snapshot;
  readonly node: NodeState;
  readonly nodeKey: string;
}

interface Decision {
  /** Of the Service. Kept, since a text made anew has to be hashed anew. */
  readonly key: string;
  readonly slices: readonly EndpointSlice[];
  readonly eips: Snapshot['eips'];
  readonly nodeKey: string;
  readonly announcements: readonly Announcement[];
}

const decisions = new WeakMap<Service, Decision>();
const NO_SLICES: readonly EndpointSlice[] = [];

/** All of the node that a decision about an address is made from. */
function nodeKeyOf({ name, labels, addresses, excluded, leaving }: NodeState): string {
  return JSON.stringify([name, Object.entries(labels).sort(), !!addresses[4], !!addresses[6], excluded, leaving]);
}

/** The decisions about a Service's addresses: the former ones, where nothing that they came from is another. */
function announcementsOf(gathered: Gathered, service: Service): readonly Announcement[] {
  const { snapshot, nodeKey } = gathered;
  const { eips } = snapshot;
  const before = decisions.get(service);
  const key = before?.key ?? keyOf(service);
  const slices = snapshot.slices.get(key) ?? NO_SLICES;
  if (before && before.eips === eips && before.nodeKey === nodeKey && sameElements(before.slices, slices)) {
    return before.announcements;
  }
  const announcements = publishedAddresses(service).map((address) => ({
    address,
    text: formatAddress(address),
    reason: decide(gathered, service, slices, address),
    services: [key],
  }));
  decisions.set(service, { key, slices, eips, nodeKey, announcements });
  return announcements;
}

function decide(
  { snapshot, node }: Gathered,
  service: Service,
  slices: readonly EndpointSlice[],
  address: Address,
): Reason {
  const eip = eipOfAddress(snapshot.eips, service, address);
  const endpoints = viewFrom(placesOf(slices, address.family), node.name);
  return announceReason({ by: 'bgp', service, address, eip, node, endpoints });
}

function mergeSharers(a: Announcement, b: Announcement): Announcement {
  if (a.reason === b.reason) return { ...a, services: [...a.services, ...b.services] };
  return b.reason === 'Announced' ? b : a;
}

/** Each of the two is of one Service. */
function byService(a: Announcement, b: Announcement): number {
  return (a.services[0] ?? '') < (b.services[0] ?? '') ? -1 : 1;
}

function sameElements<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}
