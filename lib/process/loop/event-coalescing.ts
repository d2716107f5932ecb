/**
 * Coalesces the events of a flood, as a network card coalesces interrupts: while there are many events, the thread sleeps for a moment after each turn of the event loop,
 * so that the next turn finds several. On a busy machine the wakes, each with cold caches, cost more than the work itself. Without the sleep, a flood takes 1.5 times
 * the processor time, at the expense of the other processes on the machine (decisions/0017). While events are few, nothing waits.
 *
 * The thread sleeps, not a reader: a process reads everything from one connection, and would be woken all the same.
 */
import { TokenBucket } from './token-bucket.ts';

export interface EventCoalescingOptions {
  readonly monotonicMs: () => number;
  /** Blocks the thread. @default Atomics.wait */
  readonly sleep?: (ms: number) => void;
}

/** More than this is a flood. */
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
    // This turn's events are handled by then, and the resulting requests are sent.
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
