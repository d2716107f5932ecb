import { InFlightUpdates, LONGEST_CALL_MS, NEXT_CALL_MS } from '../../../../allocator/claims/in-flight-updates.ts';

test('the Service counts at once where only it has moved: there is no webhook', () => {
  const inFlightUpdates = new InFlightUpdates();
  expect(inFlightUpdates.judge('web/front', '10.0.0.1', 'a', 'a', 0)).toEqual({ kind: 'inSync' });
  expect(inFlightUpdates.judge('web/front', '10.0.0.1', 'a', 'b', 1)).toEqual({ kind: 'useService' });
});

test('the claim is left alone while a call may be under way, and for as long as one may take', () => {
  const inFlightUpdates = new InFlightUpdates();
  inFlightUpdates.judge('web/front', '10.0.0.1', 'a', 'a', 0);
  expect(inFlightUpdates.judge('web/front', '10.0.0.1', 'ab', 'a', 10)).toEqual({
    kind: 'wait',
    untilMs: 10 + LONGEST_CALL_MS,
  });
  expect(inFlightUpdates.judge('web/front', '10.0.0.1', 'ab', 'a', 20)).toEqual({
    kind: 'wait',
    untilMs: 10 + LONGEST_CALL_MS,
  });
  expect(inFlightUpdates.judge('web/front', '10.0.0.1', 'ab', 'a', 10 + LONGEST_CALL_MS)).toEqual({
    kind: 'useService',
  });
});

test('once the update is stored the Service counts soon, unless another follows', () => {
  const inFlightUpdates = new InFlightUpdates();
  inFlightUpdates.judge('web/front', '10.0.0.1', 'a', 'a', 0);
  inFlightUpdates.judge('web/front', '10.0.0.1', 'ab', 'a', 10);
  expect(inFlightUpdates.judge('web/front', '10.0.0.1', 'ab', 'b', 20)).toEqual({
    kind: 'wait',
    untilMs: 20 + NEXT_CALL_MS,
  });
  expect(inFlightUpdates.judge('web/front', '10.0.0.1', 'abc', 'b', 1_000)).toEqual({
    kind: 'wait',
    untilMs: 1_000 + NEXT_CALL_MS,
  });
  expect(inFlightUpdates.judge('web/front', '10.0.0.1', 'abc', 'b', 1_000 + NEXT_CALL_MS)).toEqual({
    kind: 'useService',
  });
});

test('after a restart nothing is known, and an entry that is forgotten starts anew', () => {
  const inFlightUpdates = new InFlightUpdates();
  expect(inFlightUpdates.judge('web/front', '10.0.0.1', 'a', 'b', 0).kind).toBe('wait');
  inFlightUpdates.judge('web/front', '10.0.0.1', 'a', 'a', 1);
  inFlightUpdates.forget('web/front', '10.0.0.1');
  expect(inFlightUpdates.judge('web/front', '10.0.0.1', 'a', 'b', 2).kind).toBe('wait');
});

test('nothing is left of a Service that is no more', () => {
  const inFlightUpdates = new InFlightUpdates();
  inFlightUpdates.judge('web/front', '10.0.0.1', 'a', 'a', 0);
  inFlightUpdates.forgetService('web/front');
  expect(inFlightUpdates.judge('web/front', '10.0.0.1', 'a', 'b', 1).kind).toBe('wait');
});
