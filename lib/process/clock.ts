/** Time as a port: shells pass {@link systemClock}, tests their own clock. Pure code takes numbers. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since 1970, for stored and shown times. */
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
