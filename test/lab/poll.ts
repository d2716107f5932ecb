/** Waits for another process: repeats a probe until it holds or the deadline passes, and then reports the last failure. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Completes "Cannot see …": the expected state, e.g. `three next hops to 198.51.100.7`. */
  readonly what: string;
  readonly deadlineMs: number;
  /** @default 50 */
  readonly intervalMs?: number;
}

/** Thrown by a probe if waiting is pointless. */
export class GiveUp extends Error {}

/**
 * Calls `probe` until it neither throws nor returns `undefined` or `false`.
 *
 * @returns the result of `probe`.
 * @throws {Error} at the deadline, with the last failure as its cause; a {@link GiveUp} at once.
 */
export async function eventually<T>(probe: () => T | Promise<T>, options: EventuallyOptions): Promise<Truthy<T>> {
  const started = performance.now();
  let last: unknown;
  do {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value as Truthy<T>;
      last = undefined;
    } catch (error) {
      if (error instanceof GiveUp) throw error;
      last = error;
    }
    await sleep(options.intervalMs ?? 50);
  } while (performance.now() - started < options.deadlineMs);
  const seen = last instanceof Error ? `: ${last.message}` : '';
  throw new Error(`Cannot see ${options.what} within ${options.deadlineMs} ms${seen}`, { cause: last });
}

type Truthy<T> = Exclude<T, undefined | false>;
