/**
 * A queue of keys, each worked on by one worker at a time. A key that is added while it waits is one entry; a key that is added while it is worked on
 * comes once more afterwards. A key that fails comes back later, by a back-off of its own, which delays no other key.
 */

import type { Logger } from '../log.ts';
import { type BackoffPolicy, backoffMs } from './backoff.ts';
import type { Requeue } from './level-loop.ts';

/** An action on a key asks for another run. */
export interface KeyRequeue extends Requeue {
  /** The time doubles with each answer of the same time in a row, up to two seconds. */
  readonly backsOff?: true;
}

/** An action on a key asks that the key is not worked on again before this time, even if it is added. */
export interface KeyRest {
  readonly restMs: number;
}

export type KeyResult = KeyRequeue | KeyRest | undefined;

export interface KeyedQueueOptions {
  /** For the log. */
  readonly name: string;
  readonly act: (key: string, signal: AbortSignal) => Promise<void> | Promise<KeyResult>;
  readonly log: Logger;
  /** Keys worked on at the same time. @default 1 */
  readonly concurrency?: number;
  /** @default 100 ms, doubling up to 30 s */
  readonly backoff?: BackoffPolicy;
  /** @default Math.random */
  readonly random?: () => number;
}

const BACKOFF: BackoffPolicy = { firstMs: 100, capMs: 30_000 };
/** Of keys that can't go on yet. */
const LONGEST_REQUEUE_MS = 2_000;

export class KeyedQueue {
  readonly #options: KeyedQueueOptions;
  /** Insertion order is the order of work. */
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  readonly #later = new Map<string, { readonly timer: NodeJS.Timeout; readonly dueMs: number }>();
  /** Failures, or answers that back off from the same time, in a row. */
  readonly #retries = new Map<string, { readonly from: number | 'failure'; readonly times: number }>();
  readonly #restsUntilMs = new Map<string, number>();
  #pump: (() => void) | undefined;

  constructor(options: KeyedQueueOptions) {
    this.#options = options;
  }

  /** Keys that wait for a worker, without those that wait for their time. */
  get length(): number {
    return this.#waiting.size;
  }

  /** Asks for the key to be worked on. A key that waits for its back-off is taken at once, a key that rests afterwards. */
  add(key: string): void {
    const restMs = (this.#restsUntilMs.get(key) ?? 0) - performance.now();
    this.#forget(key);
    if (restMs > 0) this.addAfter(key, restMs);
    else {
      this.#waiting.add(key);
      this.#pump?.();
    }
  }

  /** The same, after a time. A key that is due earlier already stays so. */
  addAfter(key: string, ms: number): void {
    const dueMs = performance.now() + ms;
    if (this.#waiting.has(key) || (this.#later.get(key)?.dueMs ?? Number.POSITIVE_INFINITY) <= dueMs) return;
    this.#forget(key);
    this.#later.set(key, { timer: setTimeout(() => this.add(key), ms), dueMs });
  }

  /** Resolves when `signal` has aborted and the keys under way have ended; never rejects. */
  run(signal: AbortSignal): Promise<void> {
    const concurrency = this.#options.concurrency ?? 1;
    return new Promise((resolve) => {
      const pump = (): void => {
        if (signal.aborted) {
          if (this.#running.size === 0) resolve();
          return;
        }
        for (const key of this.#waiting) {
          if (this.#running.size >= concurrency) return;
          if (!this.#running.has(key)) void this.#work(key, signal).finally(pump);
        }
      };
      this.#pump = pump;
      signal.addEventListener('abort', () => this.#stop(pump), { once: true });
      pump();
    });
  }

  #stop(pump: () => void): void {
    for (const key of this.#later.keys()) this.#forget(key);
    pump();
  }

  #forget(key: string): void {
    clearTimeout(this.#later.get(key)?.timer);
    this.#later.delete(key);
  }

  async #work(key: string, signal: AbortSignal): Promise<void> {
    const { act, log, name } = this.#options;
    this.#waiting.delete(key);
    this.#restsUntilMs.delete(key);
    this.#running.add(key);
    try {
      const result = await act(key, signal);
      if (!signal.aborted) this.#goOn(key, result || undefined);
    } catch (err) {
      if (!signal.aborted) this.#retryLater(key, err, log, name);
    } finally {
      this.#running.delete(key);
    }
  }

  #goOn(key: string, result: KeyResult): void {
    if (!result || 'restMs' in result || !result.backsOff) this.#retries.delete(key);
    if (!result) return;
    if ('restMs' in result) {
      this.#restsUntilMs.set(key, performance.now() + result.restMs);
      if (this.#waiting.delete(key)) this.add(key);
    } else if (result.backsOff) {
      const ms = result.requeueAfterMs * 2 ** Math.min(this.#countRetry(key, result.requeueAfterMs) - 1, 20);
      this.addAfter(key, Math.min(ms, LONGEST_REQUEUE_MS));
    } else this.addAfter(key, result.requeueAfterMs);
  }

  #countRetry(key: string, from: number | 'failure'): number {
    const known = this.#retries.get(key);
    const times = known?.from === from ? known.times + 1 : 1;
    this.#retries.set(key, { from, times });
    return times;
  }

  #retryLater(key: string, err: unknown, log: Logger, name: string): void {
    const failures = this.#countRetry(key, 'failure');
    log[failures === 1 ? 'warn' : 'debug']({ queue: name, key, err }, 'key failed and will be tried again');
    const random = this.#options.random ?? Math.random;
    this.addAfter(key, backoffMs(failures, this.#options.backoff ?? BACKOFF, random()));
  }
}
