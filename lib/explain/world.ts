/**
 * The cluster as read, in the form in which the components decide: the same pools, ledger, reserved addresses and announcers, over objects that were read once.
 */
import { eipFinder } from '../announce/eip-of-address.ts';
import { type EndpointPlaces, placesOf } from '../announce/endpoints.ts';
import { serviceKeyOf } from '../announce/slices.ts';
import type { Eip } from '../api/eip/eip.ts';
import type { EipObject } from '../api/eip/eip-types.ts';
import { parseEip } from '../api/eip/parse-eip.ts';
import type { Protocols } from '../api/eip/protocols.ts';
import { CLAIM_ANNOTATION } from '../api/keys.ts';
import { keyOf } from '../api/meta/object.ts';
import type { Parsed } from '../api/problem.ts';
import type { UnmarkedServices } from '../api/service/parse-address-request.ts';
import { publishedAddresses } from '../api/service/published-addresses.ts';
import type { EndpointSlice, Service } from '../api/service/service.ts';
import type { AssignmentCluster, SourceState } from '../ipam/assignment/assignment-cluster.ts';
import { heldAddressesIn } from '../ipam/assignment/held-addresses.ts';
import { Ledger } from '../ipam/choice/ledger.ts';
import { claimsOf, holdersOf, namesOf, type ServiceIdentity } from '../ipam/claims/holders-of.ts';
import { annotatedAddresses } from '../ipam/claims/service-claims.ts';
import { buildPools, type Pools } from '../ipam/pools/pools.ts';
import { ReservedAddresses } from '../ipam/pools/reserved.ts';
import { eipProblem, isSource, type Source } from '../ipam/pools/source.ts';
import { type Address, type Family, formatAddress } from '../net/address.ts';
import { rangeContains } from '../net/range.ts';
import { Announcers } from '../reach/announcers.ts';
import { heard, isLost } from '../reach/heard-speaker.ts';
import { type ClusterRead, type Unread, unreadIn } from '../snapshot/cluster-read.ts';
import { StaticStore } from './static-store.ts';

export type WorldKinds = Exclude<keyof ClusterRead, 'configMaps' | 'addressHistories'>;

/** Settings of the components that no object of Skycap shows. */
export interface Settings {
  readonly unmarkedServices: UnmarkedServices;
  readonly protocols: Protocols;
  /** Present if the settings are the defaults, since those of the installation can't be read. */
  readonly unread?: Unread;
}

export interface World extends AssignmentCluster {
  readonly read: ClusterRead<WorldKinds>;
  /** What could not be read. */
  readonly unread: readonly Unread[];
  readonly settings: Settings;
  readonly announcers: Announcers;
  readonly pools: Pools;
  parsedEip(name: string): Parsed<Eip> | undefined;
  /** The Eip that answers for an address of the Service, as the nodes see it. */
  eipOf(service: Service, address: Address): Eip | undefined;
  eipProblemOf(source: Source): ReturnType<typeof eipProblem>;
  placesOf(service: Service, family: Family): EndpointPlaces;
  slicesOf(service: Service): readonly EndpointSlice[];
  /** The Services that publish the address, as far as they were read. */
  publishersOf(address: Address): readonly Service[];
  whyReserved(address: Address): string | undefined;
}

export function worldOf(read: ClusterRead<WorldKinds>, settings: Settings): World {
  const parsed = new Map(read.eips.items.map((eip) => [keyOf(eip), parseEip(eip)]));
  const objects = new Map(read.eips.items.map((eip) => [keyOf(eip), eip]));
  const pools = buildPools([...parsed.values()].flatMap((eip) => (eip.ok ? [eip.value] : [])));
  const ledger = new Ledger();
  for (const claim of read.eipClaims.items) ledger.apply(claim);
  const reserved = reservedIn(read);
  const published = publicationsIn(read.services.items);
  const slices = Map.groupBy(read.endpointSlices.items, (slice) => serviceKeyOf(slice) ?? '');
  const slicesOf = (service: Service): readonly EndpointSlice[] => slices.get(keyOf(service)) ?? [];
  return {
    read,
    unread: [...unreadIn(read), ...(settings.unread ? [settings.unread] : [])],
    settings,
    announcers: announcersIn(read, settings.protocols),
    pools,
    ledger,
    reserved,
    ...published,
    ...holdingsIn({ ledger, pools, publishersOf: published.publishersOf }),
    parsedEip: (name) => parsed.get(name),
    stores: { namespaces: new StaticStore(read.namespaces.items) },
    services: new StaticStore(read.services.items),
    eips: {
      pools,
      isInDoubt: false,
      existence: (source) => {
        const object = objects.get(source.eip);
        return object && isSource(object, source) ? 'there' : 'gone';
      },
    },
    isOfEip: (address) => pools.containing(address) !== undefined,
    eipOf: announcingEips(parsed, formerEips(read)),
    eipProblemOf: (source) => eipProblem(source, objects.get(source.eip), parsed.get(source.eip), pools),
    placesOf: (service, family) => placesOf(slicesOf(service), family),
    slicesOf,
    whyReserved: (address) => {
      const eip = pools.containing(address);
      return eip && reserved.withheldFrom(eip).whyReserved(address);
    },
  };
}

function reservedIn({ nodes, bgpPeers, speakers, serviceCidrs }: ClusterRead<WorldKinds>): ReservedAddresses {
  return new ReservedAddresses({
    nodes: new StaticStore(nodes.items),
    bgpPeers: new StaticStore(bgpPeers.items),
    speakers: new StaticStore(speakers.items),
    serviceCidrs: new StaticStore(serviceCidrs.items),
  });
}

function announcersIn(read: ClusterRead<WorldKinds>, protocols: Protocols): Announcers {
  const nodes = new StaticStore(read.nodes.items);
  const saying = read.speakers.items.map((one) => heard(one, isLost(nodes.get(keyOf(one))) ? 'lost' : undefined));
  const [bgpPeers, bgpConfs] = [new StaticStore(read.bgpPeers.items), new StaticStore(read.bgpConfs.items)];
  return new Announcers({ speakers: new StaticStore(saying), nodes, bgpPeers, bgpConfs }, protocols);
}

function publicationsIn(services: readonly Service[]): Pick<World, 'publishersOf' | 'index'> {
  const publications = services.flatMap((service) =>
    publishedAddresses(service).map((one) => ({ service, text: formatAddress(one) })),
  );
  const byAddress = Map.groupBy(publications, ({ text }) => text);
  const publishersOf = (address: Address): Service[] =>
    (byAddress.get(formatAddress(address)) ?? []).map(({ service }) => service);
  return {
    publishersOf,
    index: {
      isPublishedByOthers: (address, key) => {
        const keys = publishersOf(address).map(keyOf);
        return keys.length > 0 && !keys.includes(key);
      },
    },
  };
}

type Holdings = Pick<World, 'isHolder' | 'heldAddressesOf' | 'isClaimedByPublishers'>;

/** Which addresses the claims give to whom. */
function holdingsIn({
  ledger,
  pools,
  publishersOf,
}: Pick<World, 'pools' | 'publishersOf'> & { ledger: Ledger }): Holdings {
  const identityOf = (service: Service): ServiceIdentity => ({
    ...namesOf(service),
    token: service.metadata.annotations?.[CLAIM_ANNOTATION],
  });
  const isHolder = (service: Service) => holdersOf(identityOf(service), 'counts');
  const stateOf = (address: Address, source: Source): SourceState => {
    const pool = pools.containing(address);
    return pool ? { name: pool.name, uid: pool.uid, state: 'usable' } : { name: source.eip, state: 'unusable' };
  };
  return {
    isHolder,
    heldAddressesOf: (service) => {
      const shown = (): Address[] => [...publishedAddresses(service), ...annotatedAddresses(service)];
      const identity = identityOf(service);
      const claims = claimsOf(identity, isHolder(service), shown, ledger);
      return heldAddressesIn({ service, identity, claims, isHolder: isHolder(service), stateOf });
    },
    isClaimedByPublishers: (address, except) => {
      const holders = ledger.claimOf(address)?.spec.holders ?? [];
      return publishersOf(address).every(
        ({ metadata }) =>
          `${metadata.namespace}/${metadata.name}` === except ||
          holders.some(({ namespace, name }) => namespace === metadata.namespace && name === metadata.name),
      );
    },
  };
}

/** An address that no Eip contains any more is announced by the Eip that is gone. */
function announcingEips(parsed: ReadonlyMap<string, Parsed<Eip>>, former: readonly Eip[]): World['eipOf'] {
  const finder = eipFinder(parsed);
  return (service, address) => {
    const found = finder(service, address);
    const contains = ({ range }: Eip): boolean => rangeContains(range, address);
    return found?.ok && contains(found.value) ? found.value : former.find(contains);
  };
}

/** Eips that are gone, by which nodes go on announcing: the Speakers have them. */
function formerEips({ speakers }: ClusterRead<'speakers'>): Eip[] {
  const texts = new Set(speakers.items.flatMap(({ status }) => status?.formerEips ?? []));
  return [...texts].flatMap((text) => {
    try {
      const parsed = parseEip(JSON.parse(text) as EipObject);
      return parsed.ok ? [parsed.value] : [];
    } catch {
      return [];
    }
  });
}
