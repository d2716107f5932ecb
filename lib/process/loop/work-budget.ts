/**
 * Limits a level-triggered loop to a share of the time while changes come without end, and lets it act at once while they are few: unused time is saved, up to a burst,
 * and time used in excess is rested. PURE but for its memory.
 */
export interface WorkBudgetOptions {
  /** The share of the time: 0.1 is a tenth. */
  readonly share: number;
  /** The most that is saved, in milliseconds of work. */
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
   * @param nowMs monotonic, at the end of the work.
   * @returns the time to rest.
   */
  spent(workedMs: number, nowMs: number): number {
    const { share, burstMs, longestRestMs } = this.#options;
    const earnedMs = (nowMs - (this.#atMs ?? nowMs)) * share;
    this.#atMs = nowMs;
    // The longest rest pays for the largest debt.
    this.#savedMs = Math.max(Math.min(this.#savedMs + earnedMs, burstMs) - workedMs, -longestRestMs * share);
    return this.#savedMs >= 0 ? 0 : -this.#savedMs / share;
  }
}
