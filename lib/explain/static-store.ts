/** A store of objects that were read once: the parts of the components that follow a store see its objects as added. */
import { type KubeObject, keyOf } from '../api/meta/object.ts';
import type { Store } from '../kube/cache/store.ts';

export class StaticStore<T extends KubeObject> implements Store<T> {
  readonly synced = true;
  readonly #objects: ReadonlyMap<string, T>;

  constructor(objects: readonly T[]) {
    this.#objects = new Map(objects.map((object) => [keyOf(object), object]));
  }

  get size(): number {
    return this.#objects.size;
  }

  silentForMs(): number {
    return 0;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  values(): Iterable<T> {
    return this.#objects.values();
  }

  subscribe(listener: Parameters<Store<T>['subscribe']>[0]): void {
    for (const [key, object] of this.#objects) listener({ type: 'added', key, object });
  }
}
