/**
 * The cluster as read, in the form in which the components decide: the same pools, ledger, reserved addresses and announcers, over objects that were read once.
 */
import { eipFinder } from '../announce/eip-of-address.ts';
import { type EndpointPlaces, placesOf } from '../announce/endpoints.ts';
import { oldestOf, withPeersOf } from '../announce/route-terms.ts';
import { serviceKeyOf } from '../announce/slices.ts';
import type { Eip } from '../api/eip/eip.ts';
import { parseEip } from '../api/eip/parse-eip.ts';
import type { Protocols } from '../api/eip/protocols.ts';
import { type KubeObject, keyOf } from '../api/meta/object.ts';
import type { Parsed } from '../api/problem.ts';
import type { UnmarkedServices } from '../api/service/parse-address-request.ts';
import type { EndpointSlice, Service } from '../api/service/service.ts';
import type { Address, Family } from '../net/address.ts';
import { rangeContains } from '../net/range.ts';
import { Announcers } from '../reach/announcers.ts';
import { calicoRanges } from '../reach/calico.ts';
import { heardSpeakers } from '../reach/heard-speaker.ts';
import { type ClusterRead, knownPods, type Listed, type Unread, unreadIn } from '../snapshot/cluster-read.ts';
import { formerEipIn } from '../snapshot/known-eips.ts';
import { AddressWorld } from './address-world.ts';
import { StaticStore } from './static-store.ts';

export type WorldKinds = Exclude<keyof ClusterRead, 'configMaps' | 'addressHistories'>;

export type WorldRead = ClusterRead<WorldKinds> & {
  /** Calico's BGPConfiguration `default`. */
  readonly calico: Listed<KubeObject>;
};

/** Settings of the components that no object of Skycap shows. */
export interface Settings {
  readonly unmarkedServices: UnmarkedServices;
  readonly protocols: Protocols;
  /** Skycap's own. */
  readonly namespace: string;
  /** Present if the settings are the defaults, since those of the installation can't be read. */
  readonly unread?: Unread;
}

export class World extends AddressWorld {
  /** Of the Speakers, what counts. */
  readonly read: WorldRead;
  /** The kinds and settings that the user may not read. */
  readonly unread: readonly Unread[];
  readonly settings: Settings;
  readonly announcers: Announcers;
  readonly #slices: ReadonlyMap<string, readonly EndpointSlice[]>;
  readonly #eipAnnouncing: ReturnType<typeof announcingEips>;

  constructor(read: WorldRead, settings: Settings) {
    super(
      {
        services: read.services.items,
        eips: read.eips.items,
        eipClaims: read.eipClaims.items,
        releasedEips: new Set(),
        nodes: read.nodes.items,
        bgpPeers: read.bgpPeers.items,
        serviceCidrs: read.serviceCidrs.items,
        speakers: read.speakers.items,
      },
      new StaticStore(read.namespaces.items),
    );
    const pods = knownPods(read.pods, settings.unread === undefined);
    const said = heardSpeakers(read.speakers.items, read.nodes.items, pods);
    this.read = { ...read, speakers: { ...read.speakers, items: said } };
    this.unread = [...notesOn(read), ...(settings.unread ? [settings.unread] : [])];
    this.settings = settings;
    this.announcers = announcersIn(this.read, settings.protocols);
    this.#slices = Map.groupBy(read.endpointSlices.items, (slice) => serviceKeyOf(slice) ?? '');
    this.#eipAnnouncing = announcingEips(this.parsedEips, formerEips(read));
  }

  /** The Eip that answers for an address of the Service, as the nodes see it: with the BgpPeers that get this address. */
  eipOf(service: Service, address: Address): Eip | undefined {
    const eip = this.#eipAnnouncing(service, address);
    return eip && withPeersOf(eip, oldestOf([service, ...this.publishersOf(address)]));
  }

  placesOf(service: Service, family: Family): EndpointPlaces {
    return placesOf(this.#slices.get(keyOf(service)) ?? [], family);
  }
}

/** Without the Speakers, the objects that only say what Speakers count for are not missed. */
function notesOn(read: WorldRead): Unread[] {
  const { pods: _, calico: __, ...rest } = read;
  return unreadIn(read.speakers.unread ? rest : read);
}

function announcersIn({ speakers, nodes, bgpPeers, bgpConfs, calico }: WorldRead, protocols: Protocols): Announcers {
  const stores = {
    speakers: new StaticStore(speakers.items),
    nodes: new StaticStore(nodes.items),
    bgpPeers: new StaticStore(bgpPeers.items),
    bgpConfs: new StaticStore(bgpConfs.items),
  };
  const announcers = new Announcers(stores, protocols);
  announcers.setCalico(calicoRanges(calico.items[0]));
  return announcers;
}

/** An address that no Eip contains any more is announced by the Eip that is gone. */
function announcingEips(parsed: ReadonlyMap<string, Parsed<Eip>>, former: readonly Eip[]) {
  const finder = eipFinder(parsed);
  return (service: Service, address: Address): Eip | undefined => {
    const found = finder(service, address);
    const contains = ({ range }: Eip): boolean => rangeContains(range, address);
    return found?.ok && contains(found.value) ? found.value : former.find(contains);
  };
}

/** Eips that are gone, by which nodes go on announcing: the Speakers have them. */
function formerEips({ speakers }: ClusterRead<'speakers'>): Eip[] {
  const texts = new Set(speakers.items.flatMap(({ status }) => status?.formerEips ?? []));
  return [...texts].flatMap(formerEipIn).flatMap((object) => {
    const parsed = parseEip(object);
    return parsed.ok ? [parsed.value] : [];
  });
}
