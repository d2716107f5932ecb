/**
 * Measures create calls, from the claim to the stored Service. A slow API server takes seconds where others take milliseconds, and a claim whose create call is under way
 * must not be taken for a claim whose Service never comes (`stray-claims.ts`).
 */
export const OF_LATE_MS = 60_000;
/** The assumption of a process that has just started, and has measured nothing: it may have started because the machines are overloaded. */
export const ASSUMED_MS = 10_000;
/** By then the calls that were under way at the start, and took that long, have ended. */
export const ASSUMED_FOR_MS = 20_000;

export class CreateDuration {
  readonly #monotonicMs: () => number;
  /** The longest call of the last minute, then the longest one after it, and so on. */
  #longest: readonly { readonly ms: number; readonly atMs: number }[];

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    this.#longest = [{ ms: ASSUMED_MS, atMs: monotonicMs() - OF_LATE_MS + ASSUMED_FOR_MS }];
  }

  /** @param ms the time from the claim to the stored Service. */
  note(ms: number): void {
    const atMs = this.#monotonicMs();
    const longer = this.#longest.filter((one) => one.ms > ms && atMs - one.atMs < OF_LATE_MS);
    this.#longest = [...longer, { ms, atMs }];
  }

  /** The longest create call of the last minute; 0 if none has ended. */
  longestMs(): number {
    const nowMs = this.#monotonicMs();
    return this.#longest.find(({ atMs }) => nowMs - atMs < OF_LATE_MS)?.ms ?? 0;
  }
}
