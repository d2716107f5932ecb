/**
 * Computes the conditions after a decision: an unchanged condition keeps its time, and conditions of other writers stay. PURE. A condition is written only if a word of
 * it changes, so that a status at rest causes no write.
 */

import type { Reason } from '../reasons.ts';
import type { Condition } from './object.ts';

/** A condition without its times. */
export interface ConditionUpdate {
  readonly type: string;
  readonly status: Condition['status'];
  readonly reason: Reason;
  readonly message: string;
}

/** A message may contain text of a user; the API server refuses a message longer than 32 KiB. */
const LONGEST_MESSAGE = 2_048;

export interface Moment {
  readonly nowMs: number;
  /** `metadata.generation` of the object, if its kind has one. */
  readonly generation?: number | undefined;
}

/**
 * @param owned types that only Skycap writes: one without a verdict is removed.
 * @returns the present list itself if nothing changes.
 */
export function conditionsAfter(
  present: readonly Condition[] | undefined,
  verdicts: readonly ConditionUpdate[],
  owned: readonly string[],
  moment: Moment,
): readonly Condition[] {
  const before = present ?? [];
  const foreign = before.filter((condition) => !owned.includes(condition.type));
  const after = [...foreign, ...verdicts.map((verdict) => conditionAfter(before, verdict, moment))];
  const isSame = after.length === before.length && after.every((condition) => before.includes(condition));
  return isSame ? before : after;
}

/** The condition; the present object itself if nothing changes. */
export function conditionAfter(
  present: readonly Condition[] | undefined,
  whole: ConditionUpdate,
  { nowMs, generation }: Moment,
): Condition {
  const verdict = { ...whole, message: shortened(whole.message) };
  const old = present?.find((condition) => condition.type === verdict.type);
  if (old && saysTheSame(old, verdict) && old.observedGeneration === generation) return old;
  return {
    ...verdict,
    lastTransitionTime: old?.status === verdict.status ? old.lastTransitionTime : rfc3339(nowMs),
    ...(generation !== undefined && { observedGeneration: generation }),
  };
}

/** `metav1.Time` has whole seconds. */
export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function shortened(message: string): string {
  return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 1)}…` : message;
}

function saysTheSame(condition: Condition, verdict: ConditionUpdate): boolean {
  return (
    condition.status === verdict.status && condition.reason === verdict.reason && condition.message === verdict.message
  );
}
