/** The conditions of an object of Skycap as steps. PURE. */
import type { Condition } from '../../api/meta/object.ts';
import type { Reason } from '../../api/reasons.ts';
import type { Step } from '../explanation.ts';
import { isAlarming } from '../problems.ts';
import { remedyFor } from '../remedies.ts';

/** @param kind of the object; `from` names the object. */
export function conditionSteps(kind: string, from: string, conditions: readonly Condition[] | undefined): Step[] {
  return (conditions ?? []).map((condition): Step => {
    const { type, status, message } = condition;
    const reason = condition.reason as Reason;
    const isBad = isAlarming(kind, condition);
    const state = isBad ? 'failed' : status === 'Unknown' ? 'unknown' : 'ok';
    return {
      state,
      fact: `${type} ${status}: ${message}`,
      from,
      reason,
      remedy: isBad ? remedyFor(reason) : undefined,
    };
  });
}
