/** The decision about one address on this node, and the decisions about the addresses that one Service publishes. */
import type { EipOfAddress } from '../announce/eip-of-address.ts';
import { announceReason } from '../announce/eligible.ts';
import { placesOf, viewFrom } from '../announce/endpoints.ts';
import type { NodeState } from '../announce/node-state.ts';
import { ageKey } from '../api/meta/object.ts';
import type { Reason } from '../api/reasons.ts';
import { publishedAddresses } from '../api/service/published-addresses.ts';
import type { EndpointSlice, Service } from '../api/service/service.ts';
import { type Address, formatAddress } from '../net/address.ts';
import type { AddressRoute, RouteOfAddress } from './address-route.ts';
import type { IsLeftToOthers, PublishedAddress } from './left-to-others.ts';
import type { NextHopsOf } from './next-hops.ts';

export interface Announcement {
  readonly address: Address;
  /** The address in canonical text. */
  readonly text: string;
  /** `Announced`, or why not. */
  readonly reason: Reason;
  /** Keys of the Services that hold the address and led to this decision, sorted. */
  readonly services: readonly string[];
  /** Names of the nodes, sorted, by which sessions with `nextHops: AllNodes` have a path. Independent of `reason`. */
  readonly nextHops: readonly string[];
  /** How the address goes out where it is announced. */
  readonly route: AddressRoute;
  /** `ageKey` of the Service: of several, the oldest one's route counts. */
  readonly age: string;
}

export function isAnnounced({ reason }: Announcement): boolean {
  return reason === 'Announced';
}

export interface ServiceInput {
  readonly key: string;
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  readonly node: NodeState;
  readonly eipOf: EipOfAddress;
  readonly routeOf: RouteOfAddress;
  /** Texts of addresses that go elsewhere, since this node is in maintenance. */
  readonly withdrawn: ReadonlySet<string>;
  readonly isLeftToOthers: IsLeftToOthers;
  readonly nextHopsOf: NextHopsOf;
  /** Texts of addresses that are left to other nodes, and announced for a moment still. */
  readonly handingOver: ReadonlySet<string>;
}

/** One decision for each address that the Service publishes. */
export function serviceAnnouncements(input: ServiceInput): readonly Announcement[] {
  const { key, service, slices, node, eipOf, routeOf } = input;
  const age = ageKey(service);
  return publishedAddresses(service).map((address) => {
    const places = placesOf(slices, address.family);
    const endpoints = viewFrom(places, node.name);
    const eip = eipOf(service, address);
    const may = announceReason({ by: 'bgp', service, address, eip, node, endpoints });
    const text = formatAddress(address);
    const published = eip?.ok ? { eip: eip.value, service, address, places } : undefined;
    const reason = may === 'Announced' ? (leftReason(text, published, input) ?? may) : may;
    const route = routeOf(eip, service, address);
    const nextHops = published ? input.nextHopsOf(published) : [];
    return { address, text, reason, nextHops, services: [key], route, age };
  });
}

/** Why this node does not announce an address that it may announce. */
function leftReason(
  text: string,
  published: PublishedAddress | undefined,
  { withdrawn, isLeftToOthers, handingOver }: ServiceInput,
): Reason | undefined {
  if (withdrawn.has(text)) return 'NodeInMaintenance';
  return published && !handingOver.has(text) && isLeftToOthers(published) ? 'NotChosen' : undefined;
}

/** The decision where Services share an address: one that wants it announced is enough, and the oldest says how (`lib/announce/route-terms.ts`). */
export function sharedAnnouncement(all: readonly Announcement[]): Announcement {
  const [first, ...others] = all.length > 1 ? all.toSorted(byService) : all;
  if (others.length === 0) return first!;
  const { route, age } = others.reduce((oldest, one) => (one.age < oldest.age ? one : oldest), first!);
  return { ...others.reduce(merged, first!), nextHops: nextHopsOfAll(all), route, age };
}

/** A node that serves one of the Services is a next hop. */
function nextHopsOfAll(all: readonly Announcement[]): readonly string[] {
  return [...new Set(all.flatMap(({ nextHops }) => nextHops))].sort();
}

function merged(a: Announcement, b: Announcement): Announcement {
  if (a.reason === b.reason) return { ...a, services: [...a.services, ...b.services] };
  return b.reason === 'Announced' ? b : a;
}

/** Each of the two is of one Service. */
function byService(a: Announcement, b: Announcement): number {
  return (a.services[0] ?? '') < (b.services[0] ?? '') ? -1 : 1;
}
