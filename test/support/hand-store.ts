/** A cache that a test writes to, in place of what a Reflector would have read. */
import { type KubeObject, keyOf } from '../../lib/api/meta/object.ts';
import { iterable } from '../../lib/kube/cache/iterable.ts';
import type { Change, Store } from '../../lib/kube/cache/store.ts';

export class HandStore<T extends KubeObject> implements Store<T> {
  synced = true;
  readonly #items = new Map<string, T>();
  readonly #listeners: ((change: Change<T>) => void)[] = [];

  get size(): number {
    return this.#items.size;
  }

  silentForMs(): number {
    return 0;
  }

  get(key: string): T | undefined {
    return this.#items.get(key);
  }

  values(): Iterable<T> {
    return iterable(() => this.#items.values());
  }

  subscribe(listener: (change: Change<T>) => void): void {
    this.#listeners.push(listener);
  }

  put(...objects: readonly T[]): this {
    for (const object of objects) {
      const key = keyOf(object);
      const old = this.#items.get(key);
      this.#items.set(key, object);
      this.#tell(old ? { type: 'modified', key, object, old } : { type: 'added', key, object });
    }
    return this;
  }

  remove(object: T): this {
    const key = keyOf(object);
    if (this.#items.delete(key)) this.#tell({ type: 'deleted', key, object });
    return this;
  }

  #tell(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change);
  }
}
