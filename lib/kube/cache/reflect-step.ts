/**
 * The next step of a {@link Reflector}, as a pure function of its last step.
 *
 *     list ──listed──▶ watch ──ended──▶ watch from the last resourceVersion
 *      ▲                 │ failed ─ back-off ─▶ the same again
 *      └──── start over ─┘ (410: the resourceVersion is too old)
 *
 * Nothing ends it, and nothing makes it spin: everything but a watch that stood for a while is a failure in a row, be it a connection that closes
 * at once, a 410 after each list, or a 500. The wait grows to one second in the first minutes, so that a component acts soon after the API server is back;
 * in a longer outage it grows to ten, so that hundreds of nodes do not keep it down.
 */
import { backoffMs } from '../../process/loop/backoff.ts';

export type Step = { readonly kind: 'list' } | { readonly kind: 'watch'; readonly resourceVersion: string };

export type StepResult =
  /** The list is complete. */
  | { readonly kind: 'listed'; readonly resourceVersion: string }
  /** The API server ended the watch in order. */
  | { readonly kind: 'ended'; readonly resourceVersion: string; readonly livedMs: number }
  /** The resourceVersion is too old. */
  | { readonly kind: 'startOver'; readonly livedMs: number }
  /** The step failed or broke off; the resourceVersion is good. */
  | {
      readonly kind: 'failed';
      readonly step: Step;
      readonly livedMs: number;
      readonly retryAfterSeconds?: number | undefined;
    };

export interface Progress {
  readonly step: Step;
  /** The wait before the step. */
  readonly delayMs: number;
  /** In a row. */
  readonly failures: number;
  readonly failingSinceMs: number | undefined;
}

export const START: Progress = { step: { kind: 'list' }, delayMs: 0, failures: 0, failingSinceMs: undefined };

/** A watch of this length was a success, however it ended. */
export const STEADY_MS = 5_000;
const FIRST_MS = 200;
const CAP_MS = 1_000;
const LONG_OUTAGE_MS = 120_000;
const LONG_OUTAGE_CAP_MS = 10_000;
/** A longer Retry-After of a server is cut to this. */
const LONGEST_RETRY_AFTER_SECONDS = 30;

/** @param random in [0, 1). */
export function nextStep(before: Progress, outcome: StepResult, nowMs: number, random: number): Progress {
  if (outcome.kind === 'listed') {
    const step: Step = { kind: 'watch', resourceVersion: outcome.resourceVersion };
    return { ...before, step, delayMs: 0 };
  }
  const steady = outcome.livedMs >= STEADY_MS;
  if (outcome.kind === 'ended' && steady) {
    return { ...START, step: { kind: 'watch', resourceVersion: outcome.resourceVersion } };
  }
  const failures = (steady ? 0 : before.failures) + 1;
  const failingSinceMs = (steady ? undefined : before.failingSinceMs) ?? nowMs;
  const capMs = nowMs - failingSinceMs > LONG_OUTAGE_MS ? LONG_OUTAGE_CAP_MS : CAP_MS;
  const delayMs = Math.max(backoffMs(failures, { firstMs: FIRST_MS, capMs }, random), askedMs(outcome, random));
  return { step: stepAfter(outcome), delayMs, failures, failingSinceMs };
}

function stepAfter(outcome: Exclude<StepResult, { kind: 'listed' }>): Step {
  switch (outcome.kind) {
    case 'ended':
      return { kind: 'watch', resourceVersion: outcome.resourceVersion };
    case 'startOver':
      return { kind: 'list' };
    case 'failed':
      return outcome.step;
  }
}

function askedMs(outcome: StepResult, random: number): number {
  if (outcome.kind !== 'failed' || outcome.retryAfterSeconds === undefined) return 0;
  return Math.min(outcome.retryAfterSeconds, LONGEST_RETRY_AFTER_SECONDS) * 1000 * (1 + random / 2);
}
