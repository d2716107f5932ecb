/** The decision about one address on this node, and the decisions about the addresses that one Service publishes. */
import type { EipOfAddress } from '../../lib/announce/eip-of-address.ts';
import { announceReason } from '../../lib/announce/eligible.ts';
import { placesOf, viewFrom } from '../../lib/announce/endpoints.ts';
import type { NodeState } from '../../lib/announce/node-state.ts';
import type { Reason } from '../../lib/api/reasons.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { EndpointSlice, Service } from '../../lib/api/service/service.ts';
import { type Address, formatAddress } from '../../lib/net/address.ts';

export interface Announcement {
  readonly address: Address;
  /** The address in canonical text. */
  readonly text: string;
  /** `Announced`, or why not. */
  readonly reason: Reason;
  /** Keys of the Services that hold the address and led to this decision, sorted. */
  readonly services: readonly string[];
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
}

/** One decision for each address that the Service publishes. */
export function serviceAnnouncements({ key, service, slices, node, eipOf }: ServiceInput): readonly Announcement[] {
  return publishedAddresses(service).map((address) => {
    const endpoints = viewFrom(placesOf(slices, address.family), node.name);
    const reason = announceReason({ by: 'bgp', service, address, eip: eipOf(service, address), node, endpoints });
    return { address, text: formatAddress(address), reason, services: [key] };
  });
}

/** The decision where Services share an address: one that wants it announced is enough. */
export function sharedAnnouncement(all: readonly Announcement[]): Announcement {
  const [first, ...others] = all.length > 1 ? all.toSorted(byService) : all;
  return others.reduce(merged, first!);
}

function merged(a: Announcement, b: Announcement): Announcement {
  if (a.reason === b.reason) return { ...a, services: [...a.services, ...b.services] };
  return b.reason === 'Announced' ? b : a;
}

/** Each of the two is of one Service. */
function byService(a: Announcement, b: Announcement): number {
  return (a.services[0] ?? '') < (b.services[0] ?? '') ? -1 : 1;
}
