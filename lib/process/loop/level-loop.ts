/**
 * Runs one action again and again, never twice at a time: at once on the first trigger, once more for all the triggers that came while it ran.
 *
 * Level-triggered: the action looks at the state as it is then, so a trigger carries nothing and none is lost. There is no debounce by time:
 * what arrives during a run is what coalesces. After a failure it comes back by itself, later each time.
 */

import { pause } from '../clock.ts';
import type { Logger } from '../log.ts';
import { type BackoffPolicy, backoffMs } from './backoff.ts';

/** An action may request another run after a time, without a trigger. */
export interface Requeue {
  readonly requeueAfterMs: number;
}

export interface LevelLoopOptions {
  /** For the log. */
  readonly name: string;
  /** Must end soon after `signal` aborts. */
  readonly act: (signal: AbortSignal) => Promise<void> | Promise<Requeue | undefined>;
  readonly log: Logger;
  /** @default 100 ms, doubling up to 10 s */
  readonly backoff?: BackoffPolicy;
  /** @default Math.random */
  readonly random?: () => number;
}

const BACKOFF: BackoffPolicy = { firstMs: 100, capMs: 10_000 };
/** A trigger cuts a back-off short (what it brings may be the cure), but not below this. */
const SHORTEST_PAUSE_MS = 250;

export class LevelLoop {
  readonly #options: LevelLoopOptions;
  #triggered = false;
  #failures = 0;
  #wake: (() => void) | undefined;

  constructor(options: LevelLoopOptions) {
    this.#options = options;
  }

  /** Asks for a run; cheap, may be called at any time, also before {@link run}. */
  trigger(): void {
    this.#triggered = true;
    this.#wake?.();
  }

  /** Resolves when `signal` has aborted and the run under way has ended; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (!this.#triggered) await this.#sleep(Number.POSITIVE_INFINITY, signal);
      if (signal.aborted) return;
      this.#triggered = false;
      await this.#actOnce(signal);
    }
  }

  async #actOnce(signal: AbortSignal): Promise<void> {
    const { act, log, name } = this.#options;
    try {
      const again = await act(signal);
      if (this.#failures > 0) log.info({ loop: name, failures: this.#failures }, 'loop recovered');
      this.#failures = 0;
      if (again) await this.#sleep(again.requeueAfterMs, signal);
    } catch (err) {
      if (signal.aborted) return;
      this.#failures++;
      // The first one matters; the others would only repeat it.
      log[this.#failures === 1 ? 'warn' : 'debug']({ loop: name, err }, 'loop failed and will try again');
      const delayMs = backoffMs(
        this.#failures,
        this.#options.backoff ?? BACKOFF,
        (this.#options.random ?? Math.random)(),
      );
      const shortestMs = Math.min(delayMs, SHORTEST_PAUSE_MS);
      await pause(shortestMs, signal);
      await this.#sleep(delayMs - shortestMs, signal);
    }
  }

  /** Waits for a trigger, the time, or the end; after the time a run is due. */
  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#triggered || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const due = (): void => this.trigger();
      const timer = Number.isFinite(ms) ? setTimeout(due, ms) : undefined;
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
