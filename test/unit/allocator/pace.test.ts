import { Pace } from '../../../allocator/pace.ts';
import { Patience } from '../../../allocator/patience.ts';

test('the first write is at once, the next waits, and what is large waits longer', () => {
  const pace = new Pace();
  expect(pace.waitMs('web', 0)).toBe(0);
  pace.wrote('web', 10, 0);
  expect(pace.waitMs('web', 100)).toBe(200);
  expect(pace.waitMs('web', 300)).toBe(0);
  pace.wrote('web', 1_000, 300);
  expect(pace.waitMs('web', 300)).toBe(4_000);
  pace.wrote('web', 1_000_000, 5_000);
  expect(pace.waitMs('web', 5_000)).toBe(5_000);
  expect(pace.waitMs('other', 2_000)).toBe(0);
  pace.forget('web');
  expect(pace.waitMs('web', 5_000)).toBe(0);
});

test('patience grows with each time in a row, to a limit, and starts anew', () => {
  const patience = new Patience();
  expect([0, 1, 2, 3].map(() => patience.next('key', 5))).toEqual([5, 10, 20, 40]);
  for (let i = 0; i < 100; i++) patience.next('key', 5);
  expect(patience.next('key', 5)).toBe(2_000);
  patience.reset('key');
  expect(patience.next('key', 5)).toBe(5);
});
