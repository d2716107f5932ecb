import {
  type ConditionUpdate,
  conditionAfter,
  conditionsAfter,
  rfc3339,
} from '../../../../../lib/api/meta/conditions.ts';
import type { Condition } from '../../../../../lib/api/meta/object.ts';
import { NOW_MS } from '../../../allocator/builders.ts';

const verdict: ConditionUpdate = { type: 'Ready', status: 'True', reason: 'Ready', message: 'fine' };
const condition: Condition = { ...verdict, lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1 };
const foreign: Condition = { ...condition, type: 'example.com/Theirs' };
const moment = { nowMs: NOW_MS, generation: 1 };

test('a condition that says the same stays the same object', () => {
  const present = [foreign, condition];
  expect(conditionsAfter(present, [verdict], ['Ready'], moment)).toBe(present);
});

test.each([
  ['another message keeps the time of the transition', { message: 'finer' }, '2026-01-01T00:00:00Z'],
  ['another reason keeps it too', { reason: 'Accepted' }, '2026-01-01T00:00:00Z'],
  ['another status is a transition now', { status: 'False' }, '2026-01-02T00:00:00Z'],
] as const)('%s', (_, change, time) => {
  expect(conditionAfter([condition], { ...verdict, ...change } as ConditionUpdate, moment)).toEqual({
    ...verdict,
    ...change,
    lastTransitionTime: time,
    observedGeneration: 1,
  });
});

test('a further generation is noted', () => {
  expect(conditionAfter([condition], verdict, { ...moment, generation: 2 })).toEqual({
    ...condition,
    observedGeneration: 2,
  });
});

test('conditions of others stay, our own without a verdict go', () => {
  expect(conditionsAfter([foreign, condition], [], ['Ready'], moment)).toEqual([foreign]);
  expect(conditionsAfter(undefined, [], ['Ready'], moment)).toEqual([]);
});

test('a message as long as users like is cut to what the API server takes, and is no news the next time', () => {
  const long = { ...verdict, message: 'x'.repeat(100_000) };
  const made = conditionAfter(undefined, long, moment);
  expect(made.message).toHaveLength(2_048);
  expect(conditionAfter([made], long, moment)).toBe(made);
});

test('times have whole seconds, as metav1.Time', () => {
  expect(rfc3339(NOW_MS + 999)).toBe('2026-01-02T00:00:00Z');
});
