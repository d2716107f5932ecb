/** Which addresses this node announces, and for each one that it doesn't, why. */
import type { Eip } from '../../lib/api/eip.ts';
import { EIP_LABEL } from '../../lib/api/keys.ts';
import { keyOf } from '../../lib/api/object.ts';
import type { Parsed } from '../../lib/api/problem.ts';
import type { Reason } from '../../lib/api/reasons.ts';
import type { Service } from '../../lib/api/service.ts';
import { buildPools, type Pools } from '../../lib/ipam/pools.ts';
import { type Address, compareAddresses, type Family, formatAddress, parseAddress } from '../../lib/net/address.ts';
import { rangeContains } from '../../lib/net/range.ts';
import type { Snapshot } from '../snapshot.ts';
import { announceReason } from './eligible.ts';
import { viewEndpoints } from './endpoints.ts';
import type { NodeState } from './node-state.ts';

/** The decision about one address on this node. */
export interface Announcement {
  readonly address: Address;
  /** `Announced`, or why not. */
  readonly reason: Reason;
  /** Keys of the Services that hold the address and led to this decision, sorted. */
  readonly services: readonly string[];
}

/** Routes that go out with the same BGP attributes. All do in this version; BIRD has one static protocol a group and family. */
export interface RouteGroup {
  readonly name: string;
  /** Sorted. */
  readonly addresses: readonly Address[];
}

/** The group of routes that carry no attribute of their own. */
export const PLAIN_GROUP = 'plain';

/** One decision an address, sorted. Where Services share an address, one that wants it announced is enough. */
export function decideAnnouncements(snapshot: Snapshot, node: NodeState): readonly Announcement[] {
  const decided = new Map<string, Announcement>();
  const pools = buildPools([...snapshot.eips.values()].flatMap((eip) => (eip.ok ? [eip.value] : [])));
  for (const service of sortedByKey(snapshot.services)) {
    for (const address of publishedAddresses(service)) {
      const text = formatAddress(address);
      const own = { address, reason: decide({ snapshot, pools, node }, service, address), services: [keyOf(service)] };
      const other = decided.get(text);
      decided.set(text, other ? mergeSharers(other, own) : own);
    }
  }
  return [...decided.values()].sort((a, b) => compareAddresses(a.address, b.address));
}

export function routeGroups(announcements: readonly Announcement[]): readonly RouteGroup[] {
  const addresses = announcements.filter(({ reason }) => reason === 'Announced').map(({ address }) => address);
  return [{ name: PLAIN_GROUP, addresses }];
}

/** What the allocator published. A value that is no address is not announced; the API server refuses one anyway. */
function publishedAddresses(service: Service): Address[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip && parseAddress(ip)) || []);
}

interface Gathered {
  readonly snapshot: Snapshot;
  readonly pools: Pools;
  readonly node: NodeState;
}

function decide({ snapshot, pools, node }: Gathered, service: Service, address: Address): Reason {
  const eip = voucherFor(snapshot, pools, service, address);
  const endpoints = endpointsFor(snapshot, node, service, address.family);
  return announceReason({ service, address, eip, node, endpoints });
}

/** The Eip of the label; for the second address of a dual-stack Service, which has room for one name only there, the Eip that has it. */
function voucherFor(snapshot: Snapshot, pools: Pools, service: Service, address: Address): Parsed<Eip> | undefined {
  const labelled = snapshot.eips.get(service.metadata.labels?.[EIP_LABEL] ?? '');
  if (labelled?.ok && rangeContains(labelled.value.range, address)) return labelled;
  const other = pools.containing(address);
  return other ? { ok: true, value: other } : labelled;
}

function endpointsFor(snapshot: Snapshot, node: NodeState, service: Service, family: Family) {
  return viewEndpoints(snapshot.slices.get(keyOf(service)) ?? [], family, node.name);
}

function mergeSharers(a: Announcement, b: Announcement): Announcement {
  if (a.reason === b.reason) return { ...a, services: [...a.services, ...b.services] };
  return b.reason === 'Announced' ? b : a;
}

function sortedByKey(services: readonly Service[]): Service[] {
  return services
    .map((service) => ({ key: keyOf(service), service }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ service }) => service);
}
