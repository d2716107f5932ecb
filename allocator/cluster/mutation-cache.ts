/**
 * A store that shows the allocator's own writes before the watch returns them. Without it, a reconcile after a write would see the old state, and send a second write that
 * the API server refuses.
 */

import type { KubeObject } from '../../lib/api/meta/object.ts';
import { keyOf } from '../../lib/api/meta/object.ts';
import { isNewer } from '../../lib/api/meta/resource-version.ts';
import type { Store } from '../../lib/kube/cache/store.ts';

export class MutationCache<T extends KubeObject> {
  readonly store: Store<T>;
  /** Answers to writes that are newer than the store. An answer is removed once the watch has caught up. */
  readonly #ahead = new Map<string, T>();

  constructor(store: Store<T>) {
    this.store = store;
    store.subscribe(({ key, object }) => {
      const ahead = this.#ahead.get(key);
      if (ahead && !isNewer(ahead, object)) this.#ahead.delete(key);
    });
  }

  get(key: string): T | undefined {
    const known = this.store.get(key);
    const ahead = this.#ahead.get(key);
    if (!known || !ahead) return known;
    return ahead.metadata.uid === known.metadata.uid && isNewer(ahead, known) ? ahead : known;
  }

  /** Adds an answer of the API server. */
  put(object: T): void {
    const key = keyOf(object);
    const known = this.get(key);
    if (known && isNewer(object, known)) this.#ahead.set(key, object);
  }

  /** Answers held; at rest none. */
  get ahead(): number {
    return this.#ahead.size;
  }
}
