/** EndpointSlices by their Service, kept up to date by the stores that hold them. */
import { keyOf } from '../api/meta/object.ts';
import type { EndpointSlice } from '../api/service/service.ts';
import { serviceKeyOf } from './slices.ts';

/** A store of slices, as far as this index asks it. */
export interface SliceStore {
  get(key: string): EndpointSlice | undefined;
  values(): Iterable<EndpointSlice>;
  subscribe(listener: (change: { readonly key: string }) => void): void;
}

export interface SliceStores {
  readonly labelledSlices: SliceStore;
  readonly foreignSlices: SliceStore;
}

const NO_SLICES: readonly EndpointSlice[] = [];

export class SliceIndex {
  readonly #stores: SliceStores;
  readonly #onChange: (serviceKey: string) => void;
  /** As they were indexed, by their own key. */
  readonly #indexed = new Map<string, EndpointSlice>();
  readonly #byService = new Map<string, Map<string, EndpointSlice>>();

  /** @param onChange is given the key of each Service of which a slice came, changed or went. */
  constructor(stores: SliceStores, onChange: (serviceKey: string) => void = () => {}) {
    this.#stores = stores;
    this.#onChange = onChange;
    for (const store of [stores.labelledSlices, stores.foreignSlices]) {
      for (const slice of store.values()) this.#look(keyOf(slice));
      store.subscribe(({ key }) => this.#look(key));
    }
  }

  /** A slice that is in both stores is there once. */
  get(serviceKey: string): readonly EndpointSlice[] {
    const slices = this.#byService.get(serviceKey);
    return slices ? [...slices.values()] : NO_SLICES;
  }

  #look(key: string): void {
    const { labelledSlices, foreignSlices } = this.#stores;
    const before = this.#indexed.get(key);
    const slice = labelledSlices.get(key) ?? foreignSlices.get(key);
    if (before === slice) return;
    if (before) this.#remove(key, serviceKeyOf(before));
    if (slice) this.#add(key, slice);
    else this.#indexed.delete(key);
  }

  #add(key: string, slice: EndpointSlice): void {
    this.#indexed.set(key, slice);
    const service = serviceKeyOf(slice);
    if (service === '') return;
    const slices = this.#byService.get(service) ?? new Map<string, EndpointSlice>();
    this.#byService.set(service, slices.set(key, slice));
    this.#onChange(service);
  }

  #remove(key: string, service: string): void {
    const slices = this.#byService.get(service);
    if (!slices?.delete(key)) return;
    if (slices.size === 0) this.#byService.delete(service);
    this.#onChange(service);
  }
}
