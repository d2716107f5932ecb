/** Calls the readers of a {@link Store}: for each change, and when the store is complete for the first time. */
import type { KubeObject } from '../../api/meta/object.ts';
import type { Logger } from '../../process/log.ts';
import type { Change } from './store.ts';

export class StoreReaders<T extends KubeObject> {
  readonly #log: Logger;
  readonly #listeners: ((change: Change<T>) => void)[] = [];
  readonly #waiting = new Set<() => void>();
  #synced = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  get synced(): boolean {
    return this.#synced;
  }

  subscribe(listener: (change: Change<T>) => void): void {
    this.#listeners.push(listener);
  }

  /** In order. A listener that throws does not affect the others. */
  tell(changes: Iterable<Change<T>>): void {
    for (const change of changes) {
      for (const listener of this.#listeners) {
        try {
          listener(change);
        } catch (err) {
          this.#log.error({ err, key: change.key }, 'listener failed');
        }
      }
    }
  }

  /** The store is complete with these changes. `waitForSync` resolves after the listeners were called. */
  complete(changes: Iterable<Change<T>> = []): void {
    this.#synced = true;
    this.tell(changes);
    for (const done of this.#waiting) done();
  }

  /** Resolves when the store is complete, or when `signal` aborts. */
  async waitForSync(signal: AbortSignal): Promise<void> {
    if (this.#synced || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
