/** An explanation: the walk from an object to the traffic, step by step. PURE. The form of `kubectl skycap explain -o json`. */
import type { Reason } from '../api/reasons.ts';
import type { Unread } from '../snapshot/cluster-read.ts';
import { remedyFor } from './remedies.ts';

/** `warning`: works, and is not as asked for. `unknown`: the facts were not read, or are not sure. */
export type StepState = 'ok' | 'warning' | 'failed' | 'unknown';

export interface Step {
  readonly state: StepState;
  readonly fact: string;
  /** The object with the fact: `Service shop/web`. */
  readonly from: string;
  /** A word of docs/reasons.md. */
  readonly reason?: Reason | undefined;
  readonly remedy?: string | undefined;
  /** A command that does what the remedy says, or shows more. */
  readonly command?: string | undefined;
  /** Further facts, such as one for each node. */
  readonly details?: readonly string[];
}

/** A change that was tried out, and what the Service would get. */
export interface Trial {
  /** `--try` in the form of the command line, or a sentence. */
  readonly change: string;
  readonly helps: boolean;
  readonly outcome: string;
  /** A command that makes the change. */
  readonly command?: string;
}

export interface Explanation {
  readonly subject: string;
  /** That of the worst step. */
  readonly state: StepState;
  readonly steps: readonly Step[];
  readonly trials?: readonly Trial[];
  readonly unread: readonly Unread[];
}

export function explanationOf(
  subject: string,
  steps: readonly Step[],
  rest: Pick<Explanation, 'trials' | 'unread'>,
): Explanation {
  const has = (state: StepState): boolean => steps.some((step) => step.state === state);
  const worst = (['failed', 'unknown', 'warning'] as const).find(has);
  return { subject, state: worst ?? 'ok', steps, ...rest };
}

export function ok(fact: string, from: string, more: Partial<Step> = {}): Step {
  return { state: 'ok', fact, from, ...more };
}

/** The remedy of the page of reasons, unless the caller has a better one. */
export function failed(reason: Reason, fact: string, from: string, more: Partial<Step> = {}): Step {
  return { state: 'failed', reason, fact, from, remedy: remedyFor(reason), ...more };
}

export function unknown(fact: string, from: string, more: Partial<Step> = {}): Step {
  return { state: 'unknown', fact, from, ...more };
}

export function warning(fact: string, from: string, more: Partial<Step> = {}): Step {
  return { state: 'warning', fact, from, ...more };
}
