/** The Services as a decision reads them: the store, or a view of it. */
import type { Service } from '../../lib/api/service/service.ts';

export interface Services {
  get(key: string): Service | undefined;
  values(): Iterable<Service>;
}
