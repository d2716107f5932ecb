/** Where the endpoints of each Service are, until a slice of the Service changes. */
import { type EndpointPlaces, placesOf } from '../../lib/announce/endpoints.ts';
import { SliceIndex, type SliceStores } from '../../lib/announce/slice-index.ts';
import { serviceKeyOf } from '../../lib/announce/slices.ts';
import type { EndpointSlice } from '../../lib/api/service/service.ts';
import type { Change } from '../../lib/kube/cache/store.ts';
import type { Family } from '../../lib/net/address.ts';

export class EndpointIndex {
  readonly #slices: SliceIndex;
  /** By Service and family. */
  readonly #places = new Map<string, Map<Family, EndpointPlaces>>();

  constructor(stores: SliceStores) {
    this.#slices = new SliceIndex(stores, (service) => this.#places.delete(service));
  }

  /** Where the endpoints of a Service are. */
  placesOf(serviceKey: string, family: Family): EndpointPlaces {
    const byFamily = this.#places.get(serviceKey) ?? new Map<Family, EndpointPlaces>();
    this.#places.set(serviceKey, byFamily);
    const known = byFamily.get(family) ?? placesOf(this.#slices.get(serviceKey), family);
    byFamily.set(family, known);
    return known;
  }

  /** The Service is gone. */
  forget(serviceKey: string): void {
    this.#places.delete(serviceKey);
  }
}

/** Keys of the Services that a change of a slice is about. */
export function servicesOfSlice(change: Change<EndpointSlice>): ReadonlySet<string> {
  const slices = change.type === 'modified' ? [change.old, change.object] : [change.object];
  return new Set(slices.map(serviceKeyOf).filter((key) => key !== ''));
}
