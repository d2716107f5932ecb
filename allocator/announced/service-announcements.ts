/** Gathers for a Service whether its addresses are announced: by which node or routers, beside which machines, with which endpoints. */
import { keyOf } from '../../lib/api/object.ts';
import { publishedAddresses } from '../../lib/api/published-addresses.ts';
import type { Service } from '../../lib/api/service.ts';
import { type Address, formatAddress, sameAddress } from '../../lib/net/address.ts';
import type { Verdict } from '../condition.ts';
import { annotatedAddresses } from '../holdings.ts';
import type { World } from '../world.ts';
import type { Announcers } from './announcers.ts';
import { announcedFindings, announcedVerdict, type Finding } from './decide-announced.ts';
import type { Sharer } from './service-reach.ts';

export class ServiceAnnouncements {
  readonly #world: World;
  readonly #announcers: Announcers;

  constructor(world: World, announcers: Announcers) {
    this.#world = world;
    this.#announcers = announcers;
  }

  /** Whether addresses that are about to be published are announced. */
  announcedOf(service: Service, addresses: readonly Address[]): Verdict | undefined {
    return announcedVerdict(this.#findings(service, addresses, () => true));
  }

  /** Whether the addresses that we gave to a Service are announced, one by one. */
  findingsOf(service: Service): Finding[] {
    const published = publishedAddresses(service);
    const isPublished = (address: Address): boolean => published.some((one) => sameAddress(one, address));
    return this.#findings(service, annotatedAddresses(service), isPublished);
  }

  #findings(service: Service, addresses: readonly Address[], isPublished: (address: Address) => boolean): Finding[] {
    const contest = this.#world.rewrites.contestOf(keyOf(service));
    return announcedFindings({
      addresses,
      isPublished,
      ...(contest?.parts.has('ingress') && { contestedBy: contest.writers }),
      eipOf: (address) => this.#world.eipOf(service, address),
      ownerOf: (address) => this.#announcers.ownerOf(address),
      conflictsOf: (address) => this.#announcers.conflictsOf(address),
      reachOf: (eip) => this.#announcers.reachOf(eip),
      sharersOf: (address) => this.#sharersOf(service, address),
    });
  }

  #sharersOf(service: Service, address: Address): readonly [Sharer, ...Sharer[]] {
    const own = keyOf(service);
    const others = [...this.#world.index.publishersOf(formatAddress(address))].flatMap((key) => {
      const other = key === own ? undefined : this.#world.services.get(key);
      return other ? [this.#sharer(key, other, address)] : [];
    });
    return [this.#sharer(own, service, address), ...others];
  }

  #sharer(key: string, { spec }: Service, { family }: Address): Sharer {
    return { isLocal: spec?.externalTrafficPolicy === 'Local', places: this.#world.endpoints.placesOf(key, family) };
  }
}
