/**
 * Keeps webhooks apart that choose at the same time. PURE but for its memory.
 *
 * If two webhooks both take the lowest free address, they meet at each creation of a flood, and one of two claims is written in vain. A webhook that has lost several
 * races for an Eip therefore leaves a random number of free addresses to the others, more after more lost races. After a single lost race, or without other webhooks,
 * it takes the lowest address.
 */

/** By the number of races lost recently: the number of lowest free addresses to choose among. */
const AMONG = [1, 1, 4, 16, 64, 256] as const;
const MOST_RACES = AMONG.length - 1;
/** A lost race is forgotten after this time. */
const FORGOTTEN_MS = 1_000;

export interface ContentionOptions {
  readonly monotonicMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

export class Contention {
  readonly #options: ContentionOptions;
  /** By the name of the Eip. A lost race removes the forgotten ones. */
  readonly #lost = new Map<string, { readonly races: number; readonly atMs: number }>();

  constructor(options: ContentionOptions) {
    this.#options = options;
  }

  /** Another component has claimed a free address of this Eip first. */
  lost(eipName: string): void {
    const races = Math.min(this.#racesOf(eipName) + 1, MOST_RACES);
    for (const name of this.#lost.keys()) if (this.#racesOf(name) === 0) this.#lost.delete(name);
    this.#lost.set(eipName, { races, atMs: this.#options.monotonicMs() });
  }

  /** @returns the number of lowest free addresses to leave to others. */
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
