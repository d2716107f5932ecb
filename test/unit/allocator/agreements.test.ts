import { Agreements, LONGEST_CALL_MS, NEXT_CALL_MS } from '../../../allocator/agreements.ts';

test('the Service counts at once where only it has moved: there is no webhook', () => {
  const agreements = new Agreements();
  expect(agreements.judge('id', 'a', 'a', 0)).toEqual({ kind: 'same' });
  expect(agreements.judge('id', 'a', 'b', 1)).toEqual({ kind: 'serviceCounts' });
});

test('the claim is left alone while a call may be under way, and for as long as one may take', () => {
  const agreements = new Agreements();
  agreements.judge('id', 'a', 'a', 0);
  expect(agreements.judge('id', 'ab', 'a', 10)).toEqual({ kind: 'wait', untilMs: 10 + LONGEST_CALL_MS });
  expect(agreements.judge('id', 'ab', 'a', 20)).toEqual({ kind: 'wait', untilMs: 10 + LONGEST_CALL_MS });
  expect(agreements.judge('id', 'ab', 'a', 10 + LONGEST_CALL_MS)).toEqual({ kind: 'serviceCounts' });
});

test('once the update is stored the Service counts soon, unless another follows', () => {
  const agreements = new Agreements();
  agreements.judge('id', 'a', 'a', 0);
  agreements.judge('id', 'ab', 'a', 10);
  expect(agreements.judge('id', 'ab', 'b', 20)).toEqual({ kind: 'wait', untilMs: 20 + NEXT_CALL_MS });
  expect(agreements.judge('id', 'abc', 'b', 1_000)).toEqual({ kind: 'wait', untilMs: 1_000 + NEXT_CALL_MS });
  expect(agreements.judge('id', 'abc', 'b', 1_000 + NEXT_CALL_MS)).toEqual({ kind: 'serviceCounts' });
});

test('after a restart nothing is known, and an entry that is forgotten starts anew', () => {
  const agreements = new Agreements();
  expect(agreements.judge('id', 'a', 'b', 0).kind).toBe('wait');
  agreements.judge('id', 'a', 'a', 1);
  agreements.forget('id');
  expect(agreements.judge('id', 'a', 'b', 2).kind).toBe('wait');
});
