/**
 * A readiness check: whether the event loop was blocked recently. While the loop is blocked it answers no probe, and the liveness probe restarts a process that stays
 * blocked. A process whose block has ended must not be restarted: on an overloaded machine, most of all while the API server is away, a restart loses the caches and
 * fixes nothing.
 */
import { Histogram, type Registry } from 'prom-client';
import { type CheckResult, failing, OK } from './check.ts';

export interface EventLoopCheckOptions {
  /** @default 2 s */
  readonly longestMs?: number;
  /** The check fails for this time after a block. @default 10 s */
  readonly rememberMs?: number;
  readonly monotonicMs: () => number;
  /** For the metric of the timer's delay. */
  readonly registry: Registry;
}

const TICK_MS = 500;
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export class EventLoopCheck {
  readonly #longestMs: number;
  readonly #rememberMs: number;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #tickedAt: number;
  #block: { readonly ms: number; readonly at: number } | undefined;

  constructor(options: EventLoopCheckOptions) {
    this.#longestMs = options.longestMs ?? 2_000;
    this.#rememberMs = options.rememberMs ?? 10_000;
    this.#now = options.monotonicMs;
    this.#tickedAt = this.#now();
    const delays = new Histogram({
      name: 'skycap_event_loop_delay_seconds',
      help: 'How late a timer of every half second was.',
      buckets: SECONDS,
      registers: [options.registry],
    });
    let firedAt = this.#tickedAt;
    this.#timer = setInterval(() => {
      const dueAt = firedAt + TICK_MS;
      firedAt = this.#now();
      delays.observe(Math.max(0, firedAt - dueAt) / 1000);
      this.#tick();
    }, TICK_MS).unref();
  }

  /** A {@link Check}. */
  readonly check = (): CheckResult => {
    this.#tick();
    if (!this.#block || this.#now() - this.#block.at > this.#rememberMs) return OK;
    return failing(`the event loop was blocked for ${(this.#block.ms / 1000).toFixed(1)} s`);
  };

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = this.#now();
    const lateMs = now - this.#tickedAt - TICK_MS;
    this.#tickedAt = now;
    if (lateMs > this.#longestMs) this.#block = { ms: lateMs, at: now };
  }
}
