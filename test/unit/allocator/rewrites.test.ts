import { Rewrites } from '../../../allocator/rewrites.ts';

test('something new is written at once, whatever was before', () => {
  const rewrites = new Rewrites();
  for (const [i, text] of ['a', 'b', 'a', 'b'].entries()) {
    expect(rewrites.waitMs('key', text, i)).toBe(0);
    expect(rewrites.wrote('key', text, i)).toBe(false);
  }
});

test('the same again waits, longer each time, and is told once', () => {
  const rewrites = new Rewrites();
  rewrites.wrote('key', 'a', 0);
  let nowMs = 0;
  const waits: number[] = [];
  const told: boolean[] = [];
  for (let i = 0; i < 10; i++) {
    const waitMs = rewrites.waitMs('key', 'a', nowMs);
    waits.push(waitMs);
    nowMs += waitMs;
    expect(rewrites.waitMs('key', 'a', nowMs)).toBe(0);
    told.push(rewrites.wrote('key', 'a', nowMs));
  }
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 20_000, 20_000]);
  expect(told.flatMap((is, i) => (is ? [i] : []))).toEqual([2]);
});

test('after a quiet minute, and for a Service that is gone, it starts anew', () => {
  const rewrites = new Rewrites();
  rewrites.wrote('key', 'a', 0);
  expect(rewrites.waitMs('key', 'a', 60_000)).toBe(0);
  expect(rewrites.waitMs('key', 'a', 50)).toBe(50);
  rewrites.forget('key');
  expect(rewrites.waitMs('key', 'a', 50)).toBe(0);
});
