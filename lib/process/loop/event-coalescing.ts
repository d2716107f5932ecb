/**
 * Lets the events of a flood gather: while they are many, the thread sleeps a moment after each turn of the event loop, so that the next one
 * finds several at once, as a network card does with its interrupts. On a busy machine it counts how often a process is woken, with cold caches
 * each time, more than what it does then (docs/performance.md). While they are few, nothing waits.
 *
 * It is the thread that sleeps and not a reader, since all that a process reads comes by one connection: a reader that waits is woken all the same.
 */
import { TokenBucket } from './token-bucket.ts';

export interface EventCoalescingOptions {
  readonly monotonicMs: () => number;
  /** Blocks the thread. @default Atomics.wait */
  readonly sleep?: (ms: number) => void;
}

/** A flood is what is more than this. */
const FEW = { burst: 100, perSecond: 50 };
const SLEEP_MS = 50;

export class EventCoalescing {
  readonly #options: EventCoalescingOptions;
  readonly #few: TokenBucket;
  #isDue = false;

  constructor(options: EventCoalescingOptions) {
    this.#options = options;
    this.#few = new TokenBucket({ ...FEW, nowMs: options.monotonicMs() });
  }

  /** To be called for each event. */
  readonly heard = (): void => {
    if (this.#isDue || this.#few.take(this.#options.monotonicMs())) return;
    this.#isDue = true;
    // By then this turn's events are acted on, and what is sent because of them is on its way.
    setImmediate(() => {
      this.#isDue = false;
      (this.#options.sleep ?? sleepSync)(SLEEP_MS);
    });
  };
}

const NEVER_CHANGED = new Int32Array(new SharedArrayBuffer(4));

function sleepSync(ms: number): void {
  Atomics.wait(NEVER_CHANGED, 0, 0, ms);
}
