/**
 * Gives way to the rest of the process during long runs of work that waits for nothing, such as a look at ten thousand Services: renewals of the Lease,
 * probes and watches come in between. Those who wait here go on in the order in which they came, since their order is that of the queue.
 */

/** A run that is shorter disturbs nobody. */
const LONGEST_RUN_MS = 20;

export class EventLoopYield {
  readonly #monotonicMs: () => number;
  /** When the present run of work began; undefined between two turns of the event loop. */
  #startedMs: number | undefined;
  #pause: Promise<void> | undefined;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** @returns what to wait for before going on, or undefined: go on at once. */
  pause(): Promise<void> | undefined {
    if (this.#pause) return this.#pause;
    if (this.#startedMs === undefined) {
      this.#startedMs = this.#monotonicMs();
      setImmediate(() => {
        this.#startedMs = undefined;
      });
    }
    if (this.#monotonicMs() - this.#startedMs < LONGEST_RUN_MS) return undefined;
    this.#pause = new Promise((resolve) => {
      setImmediate(() => {
        this.#pause = undefined;
        resolve();
      });
    });
    return this.#pause;
  }
}
