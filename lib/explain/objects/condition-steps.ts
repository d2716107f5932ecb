/** The conditions of an object of Skycap as steps. PURE. */
import type { Condition } from '../../api/meta/object.ts';
import type { Reason } from '../../api/reasons.ts';
import type { Step } from '../explanation.ts';
import { isAlarming } from '../problems.ts';
import { remedyFor } from '../remedies.ts';

/** @param kind of the object; `from` names the object. */
export function conditionSteps(kind: string, from: string, conditions: readonly Condition[] | undefined): Step[] {
  return (conditions ?? []).filter(isNews).map((condition): Step => {
    const { type, status, message } = condition;
    const reason = condition.reason as Reason;
    const state = stateOf(kind, condition);
    return {
      state,
      fact: `${type} ${status}: ${message}`,
      from,
      reason,
      remedy: state === 'ok' ? undefined : remedyFor(reason),
    };
  });
}

/** `Ready` repeats another condition in many cases. */
function isNews({ type, status, message }: Condition, _: number, all: readonly Condition[]): boolean {
  return type !== 'Ready' || status === 'True' || !all.some((one) => one.type !== type && one.message === message);
}

function stateOf(kind: string, condition: Condition): Step['state'] {
  if (isAlarming(kind, condition)) return 'failed';
  if (condition.status === 'Unknown') return 'unknown';
  return condition.type === 'Ready' && condition.status === 'False' ? 'warning' : 'ok';
}
