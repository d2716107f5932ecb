import { WriteThrottle } from '../../../../allocator/status/write-throttle.ts';
import { KeyBackoff } from '../../../../lib/process/loop/key-backoff.ts';

test('the first write is at once, the next waits, and what is large waits longer', () => {
  const writeThrottle = new WriteThrottle();
  expect(writeThrottle.waitMs('web', 0)).toBe(0);
  writeThrottle.wrote('web', 10, 0);
  expect(writeThrottle.waitMs('web', 100)).toBe(200);
  expect(writeThrottle.waitMs('web', 300)).toBe(0);
  writeThrottle.wrote('web', 1_000, 300);
  expect(writeThrottle.waitMs('web', 300)).toBe(4_000);
  writeThrottle.wrote('web', 1_000_000, 5_000);
  expect(writeThrottle.waitMs('web', 5_000)).toBe(5_000);
  expect(writeThrottle.waitMs('other', 2_000)).toBe(0);
  writeThrottle.forget('web');
  expect(writeThrottle.waitMs('web', 5_000)).toBe(0);
});

test('patience grows with each time in a row, to a limit, and starts anew', () => {
  const backoff = new KeyBackoff();
  expect([0, 1, 2, 3].map(() => backoff.next('key', 5))).toEqual([5, 10, 20, 40]);
  for (let i = 0; i < 100; i++) backoff.next('key', 5);
  expect(backoff.next('key', 5)).toBe(2_000);
  backoff.reset('key');
  expect(backoff.next('key', 5)).toBe(5);
});
