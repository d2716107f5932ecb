/** Waiting for what another process does: ask again until it holds or the deadline passes, and then say what was last seen. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Completes "Cannot see …": what is waited for, e.g. `three next hops to 198.51.100.7`. */
  readonly what: string;
  readonly deadlineMs: number;
  /** @default 50 */
  readonly intervalMs?: number;
}

/** Thrown by a probe that has seen that waiting is of no use. */
export class GiveUp extends Error {}

/**
 * Calls `probe` until it neither throws nor gives `undefined` or `false`.
 *
 * @returns what `probe` gave.
 * @throws {Error} at the deadline, with the last failure as its cause; at once what is a {@link GiveUp}.
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
