/**
 * The outcome of a cluster: the addresses of each Service, and how each is announced. PURE. It is the steady state after all timers: maintenance has drained, addresses are handed
 * over, sessions that begin are up.
 */
import { eipFinder } from '../../announce/eip-of-address.ts';
import { oldestOf } from '../../announce/route-terms.ts';
import { isLayer2 } from '../../api/eip/eip.ts';
import { attributesKey } from '../../api/eip/eip-bgp.ts';
import { keyOf } from '../../api/meta/object.ts';
import type { Reason } from '../../api/reasons.ts';
import { publishedAddresses } from '../../api/service/published-addresses.ts';
import type { Service } from '../../api/service/service.ts';
import { type AddressRoute, routeFinder } from '../../bgp/address-route.ts';
import { type Address, bitsOf, formatAddress } from '../../net/address.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { type BgpPaths, bgpPaths } from './announcements/bgp-paths.ts';
import { snapshotsOf } from './announcements/node-snapshot.ts';
import { type Owners, settledOwners } from './announcements/owners.ts';
import { giveAddresses, type ServiceAddresses } from './give-addresses.ts';
import type { World } from './world.ts';

export interface Outcome {
  readonly services: ReadonlyMap<string, ServiceAddresses>;
  /** By the text of the address: each that a Service publishes. */
  readonly addresses: ReadonlyMap<string, AddressOutcome>;
  readonly bgp: BgpPaths;
  readonly isSteady: boolean;
}

export interface AddressOutcome {
  /** Keys, sorted. */
  readonly services: readonly string[];
  /** Name of the Eip that answers for the address. */
  readonly eip?: string;
  readonly protocol: 'bgp' | 'layer2';
  /** Layer 2. */
  readonly owner?: string;
  /** BGP: by the name of the BgpPeer, the nodes by which its router has a path. BgpPeers whose routers have no path are left out. */
  readonly paths: ReadonlyMap<string, readonly string[]>;
  /** BGP: the attributes of the route, as text to compare. */
  readonly attributes: string;
  /** Why nodes do not announce it. */
  readonly refusals: readonly Reason[];
}

/** The cluster before a change, and its outcome. */
export interface Former {
  readonly world: World;
  readonly outcome: Outcome;
}

export function outcomeOf(world: World, former?: Former): Outcome {
  const { world: given, services, isSteady } = giveAddresses(world);
  const snapshotOf = snapshotsOf(given, former?.world);
  const bgp = bgpPaths(given, snapshotOf, former?.outcome.bgp.sessions);
  const snapshot = snapshotOf('');
  const owners = settledOwners(given, snapshot);
  const addresses = addressesOf(snapshot, bgp, owners);
  return { services, addresses, bgp, isSteady: isSteady && owners.isSteady };
}

function addressesOf(snapshot: Snapshot, bgp: BgpPaths, owners: Owners): ReadonlyMap<string, AddressOutcome> {
  const eipOf = eipFinder(snapshot.eips);
  const routeOf = routeFinder();
  const published = [...snapshot.services.values()].flatMap((service) =>
    publishedAddresses(service).map((address) => ({ service, address, text: formatAddress(address) })),
  );
  const byText = Map.groupBy(published, ({ text }) => text);
  return new Map(
    [...byText].map(([text, all]) => {
      const { address } = all[0]!;
      const services = all.map(({ service }) => service) as [Service, ...Service[]];
      const oldest = oldestOf(services);
      const eip = eipOf(oldest, address);
      const route = routeOf(eip, oldest, address);
      const isOnLayer2 = eip?.ok === true && isLayer2(eip.value);
      const owner = isOnLayer2 ? owners.owners.get(text) : undefined;
      const refusals = (isOnLayer2 ? owners : bgp).refusals.get(text) ?? [];
      const outcome: AddressOutcome = {
        services: services.map(keyOf).sort(),
        ...(eip?.ok && { eip: eip.value.name }),
        protocol: isOnLayer2 ? 'layer2' : 'bgp',
        ...(owner !== undefined && { owner }),
        paths: isOnLayer2 ? new Map() : pathsOf(address, route, bgp),
        attributes: isOnLayer2 ? '' : attributesKey(route.group.attributes),
        refusals: [...refusals].sort(),
      };
      return [text, outcome];
    }),
  );
}

/** Routers forward by the longest prefix: an address without a host route goes by its aggregate. */
function pathsOf(
  address: Address,
  { hasHostRoute, aggregate }: AddressRoute,
  { paths }: BgpPaths,
): ReadonlyMap<string, readonly string[]> {
  const host = `${formatAddress(address)}/${bitsOf(address.family)}`;
  const prefix = hasHostRoute ? host : (aggregate?.prefix ?? host);
  return new Map(
    [...paths].flatMap(([peer, prefixes]) => {
      const nodes = prefixes.get(prefix);
      return nodes ? [[peer, nodes] as const] : [];
    }),
  );
}
