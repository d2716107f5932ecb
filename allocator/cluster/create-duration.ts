/**
 * How long create calls take of late from the claim to the stored Service. A slow API server takes seconds where others take milliseconds, and a claim whose create
 * call is under way is not taken for one whose Service never comes (`stray-claims.ts`).
 */
const OF_LATE_MS = 60_000;

export class CreateDuration {
  readonly #monotonicMs: () => number;
  #longest: { readonly ms: number; readonly atMs: number } | undefined;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** A Service was stored so long after its claim. */
  note(ms: number): void {
    if (ms >= this.longestMs()) this.#longest = { ms, atMs: this.#monotonicMs() };
  }

  /** Of the last minute; 0 where no create call ended. */
  longestMs(): number {
    if (!this.#longest || this.#monotonicMs() - this.#longest.atMs >= OF_LATE_MS) return 0;
    return this.#longest.ms;
  }
}
