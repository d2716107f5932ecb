import { restAfter } from '../../../../allocator/status/write-status.ts';

test.each([
  [10, 300],
  [1_000, 4_000],
  [1_000_000, 5_000],
])('after a status of %d entries the object rests for %d ms', (entries, restMs) => {
  expect(restAfter(entries)).toEqual({ restMs });
});
