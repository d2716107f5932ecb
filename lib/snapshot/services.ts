/** The Services and their EndpointSlices, as a decision reads them: the stores, or a view of them. */
import type { EndpointSlice, Service } from '../api/service/service.ts';

export interface Services {
  get(key: string): Service | undefined;
  values(): Iterable<Service>;
}

export interface SlicesByService {
  get(serviceKey: string): readonly EndpointSlice[];
}
