/**
 * Bookkeeping that gives way to those who wait for an address. That an entry in a claim is bound to its Service matters when one of the two goes; to
 * write it costs the API server as much as a publication. So while Services are being published such work is put off, for a while: it is handed
 * out again a little at a time when nobody waits, or when it has waited long enough.
 */
import type { Requeue } from '../../lib/process/loop/level-loop.ts';

export interface DeferredBindingOptions {
  /** Has the key worked on; {@link DeferredBinding.mayNow} is true for it once. */
  readonly ask: (key: string) => void;
  /** Has {@link DeferredBinding.handOut} called soon. */
  readonly onPutOff: () => void;
  /** How many keys wait for a worker. */
  readonly waiting: () => number;
  /** How long it may be put off. */
  readonly longestMs: number;
  readonly monotonicMs: () => number;
}

/** Nothing was published for so long: nobody waits. */
const QUIET_MS = 250;
const TICK_MS = 50;
/** So that a Service that comes now waits for no more than these. */
const AT_ONCE = 4;

export class DeferredBinding {
  readonly #options: DeferredBindingOptions;
  /** By key, since when; in the order in which they came. */
  readonly #putOff = new Map<string, number>();
  readonly #handedOut = new Set<string>();
  #publishedMs = Number.NEGATIVE_INFINITY;

  constructor(options: DeferredBindingOptions) {
    this.#options = options;
  }

  /** Somebody got what he waited for. */
  published(): void {
    this.#publishedMs = this.#options.monotonicMs();
  }

  /** @returns whether the bookkeeping of the key is to be done now; else it is put off. */
  shouldBindNow(key: string): boolean {
    if (this.#handedOut.delete(key)) return true;
    if (!this.#putOff.has(key)) this.#putOff.set(key, this.#options.monotonicMs());
    this.#options.onPutOff();
    return false;
  }

  forget(key: string): void {
    this.#putOff.delete(key);
    this.#handedOut.delete(key);
  }

  /** For a {@link LevelLoop} that is triggered when something is put off. */
  releaseBatch(): Requeue | undefined {
    const { ask, waiting, longestMs, monotonicMs } = this.#options;
    const nowMs = monotonicMs();
    const isQuiet = waiting() === 0 && nowMs - this.#publishedMs >= QUIET_MS;
    let handedOut = 0;
    for (const [key, sinceMs] of this.#putOff) {
      if (handedOut++ === AT_ONCE || (!isQuiet && nowMs - sinceMs < longestMs)) break;
      this.#putOff.delete(key);
      this.#handedOut.add(key);
      ask(key);
    }
    return this.#putOff.size > 0 ? { requeueAfterMs: TICK_MS } : undefined;
  }
}
