/** EndpointSlices by their Service, kept up to date by the watches. */
import { type EndpointPlaces, placesOf } from '../../lib/announce/endpoints.ts';
import { serviceKeyOf } from '../../lib/announce/slices.ts';
import type { EndpointSlice } from '../../lib/api/service/service.ts';
import type { Change, Store } from '../../lib/kube/cache/store.ts';
import type { Family } from '../../lib/net/address.ts';

export interface SliceStores {
  readonly labelledSlices: Store<EndpointSlice>;
  readonly foreignSlices: Store<EndpointSlice>;
}

export class EndpointIndex {
  readonly #stores: SliceStores;
  /** As they were indexed, by their own key. */
  readonly #indexed = new Map<string, EndpointSlice>();
  readonly #byService = new Map<string, Map<string, EndpointSlice>>();
  /** By Service and family, until a slice of the Service changes. */
  readonly #places = new Map<string, Map<Family, EndpointPlaces>>();

  constructor(stores: SliceStores) {
    this.#stores = stores;
    const look = ({ key }: Change<EndpointSlice>): void => this.#look(key);
    stores.labelledSlices.subscribe(look);
    stores.foreignSlices.subscribe(look);
  }

  /** Where the endpoints of a Service are. */
  placesOf(serviceKey: string, family: Family): EndpointPlaces {
    const byFamily = this.#places.get(serviceKey) ?? new Map<Family, EndpointPlaces>();
    this.#places.set(serviceKey, byFamily);
    const known = byFamily.get(family) ?? placesOf([...(this.#byService.get(serviceKey)?.values() ?? [])], family);
    byFamily.set(family, known);
    return known;
  }

  /** The Service is gone. */
  forget(serviceKey: string): void {
    this.#places.delete(serviceKey);
  }

  #look(key: string): void {
    const { labelledSlices, foreignSlices } = this.#stores;
    const before = this.#indexed.get(key);
    const slice = labelledSlices.get(key) ?? foreignSlices.get(key);
    if (before) this.#remove(key, serviceKeyOf(before));
    if (!slice) {
      this.#indexed.delete(key);
      return;
    }
    this.#indexed.set(key, slice);
    const service = serviceKeyOf(slice);
    const slices = this.#byService.get(service) ?? new Map<string, EndpointSlice>();
    this.#byService.set(service, slices.set(key, slice));
    this.#places.delete(service);
  }

  #remove(key: string, service: string): void {
    const slices = this.#byService.get(service);
    slices?.delete(key);
    if (slices?.size === 0) this.#byService.delete(service);
    this.#places.delete(service);
  }
}

/** Keys of the Services that a change of a slice is about. */
export function servicesOfSlice(change: Change<EndpointSlice>): ReadonlySet<string> {
  const slices = change.type === 'modified' ? [change.old, change.object] : [change.object];
  return new Set(slices.map(serviceKeyOf).filter((key) => key !== ''));
}
