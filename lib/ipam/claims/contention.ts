/**
 * How far apart those choose who choose at once. PURE but for what it remembers.
 *
 * Two webhooks that both take the lowest free address meet at each one of a flood of creations: one of the two claims is written for nothing. So whoever has lost
 * several races for the addresses of an Eip leaves some of its free ones to the others, as many as chance says; the more he lost, the more. One
 * race lost alone is chance itself: then, and whenever nobody else chooses, it is the lowest.
 */

/** By the races lost of late: among how many of the free addresses, counted from the lowest. */
const AMONG = [1, 1, 4, 16, 64, 256] as const;
const MOST_RACES = AMONG.length - 1;
/** One lost race is forgotten in this time. */
const FORGOTTEN_MS = 1_000;

export interface ContentionOptions {
  readonly monotonicMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

export class Contention {
  readonly #options: ContentionOptions;
  /** By the name of the Eip; none that is forgotten stays when another is lost. */
  readonly #lost = new Map<string, { readonly races: number; readonly atMs: number }>();

  constructor(options: ContentionOptions) {
    this.#options = options;
  }

  /** Somebody else was quicker with a free address of this Eip. */
  lost(eipName: string): void {
    const races = Math.min(this.#racesOf(eipName) + 1, MOST_RACES);
    for (const name of this.#lost.keys()) if (this.#racesOf(name) === 0) this.#lost.delete(name);
    this.#lost.set(eipName, { races, atMs: this.#options.monotonicMs() });
  }

  /** @returns how many free addresses of the Eip to leave to others, counted from the lowest. */
  passOver(eipName: string): number {
    const among = AMONG[this.#racesOf(eipName)] ?? 1;
    return among === 1 ? 0 : Math.floor(this.#options.random() * among);
  }

  #racesOf(eipName: string): number {
    const lost = this.#lost.get(eipName);
    if (!lost) return 0;
    const forgotten = Math.floor((this.#options.monotonicMs() - lost.atMs) / FORGOTTEN_MS);
    return Math.max(0, lost.races - forgotten);
  }
}
