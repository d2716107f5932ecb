/**
 * Whoever else writes the same status, another load balancer that takes Services without a class, say, would be answered by us at once and would answer at
 * once: without end, at the speed of the API server. So what is written a second time for the same Service waits, longer each time.
 */

/** Nobody has written over it for so long: what happened before is forgotten. */
const FORGOTTEN_AFTER_MS = 60_000;
const FIRST_MS = 100;
const LONGEST_MS = 20_000;
/** Anybody may write over it once. */
const WORTH_TELLING = 3;

interface Written {
  readonly text: string;
  readonly atMs: number;
  /** How often it was written again in a row. */
  readonly times: number;
}

export class Rewrites {
  readonly #byKey = new Map<string, Written>();

  /** @returns how long to wait before this may be written; 0: now. */
  waitMs(key: string, text: string, nowMs: number): number {
    const before = this.#repeated(key, text, nowMs);
    if (!before) return 0;
    const pauseMs = Math.min(FIRST_MS * 2 ** before.times, LONGEST_MS);
    return Math.max(0, before.atMs + pauseMs - nowMs);
  }

  /** @returns true when somebody should be told that another one writes the same status. */
  wrote(key: string, text: string, nowMs: number): boolean {
    const before = this.#repeated(key, text, nowMs);
    const times = before ? before.times + 1 : 0;
    this.#byKey.set(key, { text, atMs: nowMs, times });
    return times === WORTH_TELLING;
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }

  #repeated(key: string, text: string, nowMs: number): Written | undefined {
    const before = this.#byKey.get(key);
    return before?.text === text && nowMs - before.atMs < FORGOTTEN_AFTER_MS ? before : undefined;
  }
}
