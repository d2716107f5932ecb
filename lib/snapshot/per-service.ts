/**
 * One value for each Service: {@link PerService.update} makes the values of the Services that changed, or all values when something changed that every value
 * depends on. The cost of a change therefore does not grow with the number of Services.
 *
 * The caller reports every change of a Service and of its EndpointSlices. A change that is not reported leaves a stale value.
 */
import { keyOf } from '../api/meta/object.ts';
import type { Service } from '../api/service/service.ts';
import type { Services } from './services.ts';

export interface Update<Value> {
  readonly services: Services;
  /** Everything else that values depend on, compared by identity. */
  readonly basis: readonly unknown[];
  /** @returns undefined where the Service has no value. */
  readonly make: (key: string, service: Service) => Value | undefined;
  readonly onReplaced: (key: string, old: Value | undefined, now: Value | undefined) => void;
}

export class PerService<Value> {
  readonly #changed = new Set<string>();
  readonly #values = new Map<string, Value>();
  /** Undefined until all values are up to date. */
  #basis: readonly unknown[] | undefined;

  /** The Service or one of its slices came, changed or went. */
  changed(key: string): void {
    if (this.#basis) this.#changed.add(key);
  }

  update({ services, basis, make, onReplaced }: Update<Value>): void {
    const keys = sameElements(this.#basis, basis) ? [...this.#changed] : this.#allKeys(services);
    // Should one of the functions throw, the next update makes every value.
    this.#basis = undefined;
    for (const key of keys) {
      const service = services.get(key);
      const old = this.#values.get(key);
      const now = service && make(key, service);
      if (now !== undefined) this.#values.set(key, now);
      else this.#values.delete(key);
      if (old !== now) onReplaced(key, old, now);
    }
    this.#changed.clear();
    this.#basis = basis;
  }

  #allKeys(services: Services): Iterable<string> {
    return new Set([...this.#values.keys(), ...Array.from(services.values(), keyOf)]);
  }
}

function sameElements(a: readonly unknown[] | undefined, b: readonly unknown[]): boolean {
  return a?.length === b.length && a.every((one, i) => one === b[i]);
}
