/**
 * Keeps a level-triggered loop to a share of the time when changes come without end, and lets it act at once when they are few: what it does not
 * use is saved, up to a burst, and what it used too much it rests for. PURE but for what it remembers.
 */
export interface WorkBudgetOptions {
  /** Of the time: 0.1 is a tenth. */
  readonly share: number;
  /** What may be saved, in milliseconds of work. */
  readonly burstMs: number;
  readonly longestRestMs: number;
}

export class WorkBudget {
  readonly #options: WorkBudgetOptions;
  #savedMs: number;
  #atMs: number | undefined;

  constructor(options: WorkBudgetOptions) {
    this.#options = options;
    this.#savedMs = options.burstMs;
  }

  /**
   * @param nowMs by a clock that never jumps, at the end of the work.
   * @returns how long to rest.
   */
  spent(workedMs: number, nowMs: number): number {
    const { share, burstMs, longestRestMs } = this.#options;
    const earnedMs = (nowMs - (this.#atMs ?? nowMs)) * share;
    this.#atMs = nowMs;
    // A debt is never larger than the longest rest pays for.
    this.#savedMs = Math.max(Math.min(this.#savedMs + earnedMs, burstMs) - workedMs, -longestRestMs * share);
    return this.#savedMs >= 0 ? 0 : -this.#savedMs / share;
  }
}
