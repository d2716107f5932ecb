/** Gathers for a Service whether its addresses are announced: by which node or routers, beside which machines, with which endpoints. */

import type { ConditionUpdate } from '../../lib/api/meta/conditions.ts';
import { keyOf } from '../../lib/api/meta/object.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { Service } from '../../lib/api/service/service.ts';
import { annotatedAddresses } from '../../lib/ipam/claims/service-claims.ts';
import { type Address, formatAddress, sameAddress } from '../../lib/net/address.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { Announcers } from './announcers.ts';
import { announcedCondition, announcedFindings, type Finding } from './decide-announced.ts';
import type { SharingService } from './service-reach.ts';

export class ServiceAnnouncements {
  readonly #cluster: ClusterState;
  readonly #announcers: Announcers;

  constructor(cluster: ClusterState, announcers: Announcers) {
    this.#cluster = cluster;
    this.#announcers = announcers;
  }

  /** Whether addresses that are about to be published are announced. */
  announcedOf(service: Service, addresses: readonly Address[]): ConditionUpdate | undefined {
    return announcedCondition(this.#findings(service, addresses, () => true));
  }

  /** Whether the addresses that we gave to a Service are announced, one by one. */
  findingsOf(service: Service): Finding[] {
    const published = publishedAddresses(service);
    const isPublished = (address: Address): boolean => published.some((one) => sameAddress(one, address));
    return this.#findings(service, annotatedAddresses(service), isPublished);
  }

  #findings(service: Service, addresses: readonly Address[], isPublished: (address: Address) => boolean): Finding[] {
    const contest = this.#cluster.rewriteBackoff.contestOf(keyOf(service));
    return announcedFindings({
      addresses,
      isPublished,
      ...(contest?.parts.has('ingress') && { contestedBy: contest.writers }),
      eipOf: (address) => this.#cluster.eipOf(service, address),
      ownerOf: (address) => this.#announcers.ownerOf(address),
      conflictsOf: (address) => this.#announcers.conflictsOf(address),
      reachOf: (eip) => this.#announcers.reachOf(eip),
      sharersOf: (address) => this.#sharersOf(service, address),
    });
  }

  #sharersOf(service: Service, address: Address): readonly [SharingService, ...SharingService[]] {
    const own = keyOf(service);
    const others = [...this.#cluster.index.publishersOf(formatAddress(address))].flatMap((key) => {
      const other = key === own ? undefined : this.#cluster.services.get(key);
      return other ? [this.#sharer(key, other, address)] : [];
    });
    return [this.#sharer(own, service, address), ...others];
  }

  #sharer(key: string, { spec }: Service, { family }: Address): SharingService {
    return { isLocal: spec?.externalTrafficPolicy === 'Local', places: this.#cluster.endpoints.placesOf(key, family) };
  }
}
