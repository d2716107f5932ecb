/** How long a key waits when it can't go on yet, longer each time in a row: short for what is over in a moment, and never a hot loop. */

const LONGEST_MS = 2_000;

export class KeyBackoff {
  readonly #timesByKey = new Map<string, number>();

  /** @returns the wait, from `firstMs`, doubling. */
  next(key: string, firstMs: number): number {
    const times = this.#timesByKey.get(key) ?? 0;
    this.#timesByKey.set(key, times + 1);
    return Math.min(firstMs * 2 ** Math.min(times, 20), LONGEST_MS);
  }

  reset(key: string): void {
    this.#timesByKey.delete(key);
  }
}
