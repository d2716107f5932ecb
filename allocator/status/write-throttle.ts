/**
 * How often the status of an object may be written. The first change is written at once; during a burst the next write takes in all that came
 * meanwhile. What is larger is written less often: `Eip.status.used` grows with the pool, and each write stores all of it.
 */

const LEAST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5_000;
const PAUSE_PER_ENTRY_MS = 4;

export class WriteThrottle {
  readonly #notBeforeMs = new Map<string, number>();

  /** @returns how long to wait before the key may be written; 0 when it may be now. */
  waitMs(key: string, nowMs: number): number {
    const notBeforeMs = this.#notBeforeMs.get(key) ?? 0;
    if (notBeforeMs > nowMs) return notBeforeMs - nowMs;
    this.#notBeforeMs.delete(key);
    return 0;
  }

  /** @param entries in what was written. */
  wrote(key: string, entries: number, nowMs: number): void {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, entries * PAUSE_PER_ENTRY_MS));
    this.#notBeforeMs.set(key, nowMs + pauseMs);
  }

  forget(key: string): void {
    this.#notBeforeMs.delete(key);
  }
}
