/** Random choices that can be made again: each test run has a seed, which is shown when it fails and taken from SKYCAP_TEST_SEED. */
import { createHash } from 'node:crypto';

const MOST = 0x1_0000_0000;

export class Random {
  readonly #seed: string;
  #count = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  static fromEnvironment(): Random {
    return new Random(process.env.SKYCAP_TEST_SEED || Math.random().toString(36).slice(2, 10));
  }

  /** Another sequence of the same seed. */
  fork(name: string): Random {
    return new Random(`${this.#seed} ${name}`);
  }

  /** @returns a whole number from 0 up to, and without, `limit`. */
  below(limit: number): number {
    return Math.floor((this.#next().readUInt32BE(0) / MOST) * limit);
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  token(): string {
    return this.#next().toString('hex', 0, 16);
  }

  /** How to do it again. */
  toString(): string {
    return `SKYCAP_TEST_SEED=${this.#seed}`;
  }

  #next(): Buffer {
    return createHash('sha256')
      .update(`${this.#seed} ${this.#count++}`)
      .digest();
  }
}
