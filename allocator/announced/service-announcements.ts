/** Gathers the announcements of a Service's addresses: nodes, routers, other machines with the address, and endpoints. */

import { overrideFindings } from '../../lib/announce/override-findings.ts';
import { oldestOf, withPeersOf } from '../../lib/announce/route-terms.ts';
import type { Eip } from '../../lib/api/eip/eip.ts';
import type { ConditionUpdate } from '../../lib/api/meta/conditions.ts';
import { keyOf } from '../../lib/api/meta/object.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { Service } from '../../lib/api/service/service.ts';
import { annotatedAddresses } from '../../lib/ipam/claims/service-claims.ts';
import { type Address, formatAddress, sameAddress } from '../../lib/net/address.ts';
import type { Announcers } from '../../lib/reach/announcers.ts';
import { announcedCondition, announcedFindings, type Finding } from '../../lib/reach/decide-announced.ts';
import type { SharingService } from '../../lib/reach/service-reach.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { ReachWatch } from './reach-watch.ts';
import { routeOverridesCondition } from './route-overrides-condition.ts';

export class ServiceAnnouncements {
  readonly #cluster: ClusterState;
  readonly #announcers: Announcers;
  readonly #reaches: Pick<ReachWatch, 'reachOf'>;

  /** @param reaches the `ReachWatch` that brings each Service back whose reach has changed since. */
  constructor(cluster: ClusterState, announcers: Announcers, reaches: Pick<ReachWatch, 'reachOf'>) {
    this.#cluster = cluster;
    this.#announcers = announcers;
    this.#reaches = reaches;
  }

  /** Whether addresses that are about to be published are announced. */
  announcedOf(service: Service, addresses: readonly Address[]): ConditionUpdate | undefined {
    return announcedCondition(this.#findings(service, addresses, () => true));
  }

  /** Why annotations of the Service for BGP have no effect; undefined if they have, or if there is none. */
  routeOverridesOf(service: Service, addresses: readonly Address[]): ConditionUpdate | undefined {
    const overridden = addresses.flatMap((address) => {
      const eip = this.#cluster.eipOf(service, address);
      return eip ? [{ eip, sharers: this.#othersWith(service, address) }] : [];
    });
    return routeOverridesCondition(overrideFindings(service, overridden));
  }

  /** Whether each address that Skycap gave to a Service is announced. */
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
      eipOf: (address) => this.#eipFor(service, address),
      ownerOf: (address) => this.#announcers.ownerOf(address),
      conflictsOf: (address) => this.#announcers.conflictsOf(address),
      reachOf: (eip) => this.#reaches.reachOf(eip),
      sharersOf: (address) => this.#sharersOf(service, address),
    });
  }

  /** The Eip of the address, with the BgpPeers that get this address. */
  #eipFor(service: Service, address: Address): Eip | undefined {
    const eip = this.#cluster.eipOf(service, address);
    if (!eip?.bgp?.allowServiceOverrides.peers) return eip;
    return withPeersOf(eip, oldestOf([service, ...this.#othersWith(service, address)]));
  }

  #sharersOf(service: Service, address: Address): readonly [SharingService, ...SharingService[]] {
    const others = this.#othersWith(service, address).map((other) => this.#sharer(keyOf(other), other, address));
    return [this.#sharer(keyOf(service), service, address), ...others];
  }

  #othersWith(service: Service, address: Address): Service[] {
    const own = keyOf(service);
    return [...this.#cluster.index.publishersOf(formatAddress(address))].flatMap((key) => {
      const other = key === own ? undefined : this.#cluster.services.get(key);
      return other ? [other] : [];
    });
  }

  #sharer(key: string, { spec }: Service, { family }: Address): SharingService {
    return { isLocal: spec?.externalTrafficPolicy === 'Local', places: this.#cluster.endpoints.placesOf(key, family) };
  }
}
