/** Time, as a port: shells pass {@link systemClock}, tests one of their own. Pure code takes plain numbers. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since 1970, for what is written down or shown. */
  nowMs(): number;
  /** Milliseconds that never jump, for measuring: NTP and administrators set the other clock. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** Waits, or returns at once when `signal` aborts; never throws. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await sleep(ms, undefined, { signal }).catch(() => {});
}
