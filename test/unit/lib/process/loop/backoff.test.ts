import fc from 'fast-check';
import { backoffMs } from '../../../../../lib/process/loop/backoff.ts';

const POLICY = { firstMs: 100, capMs: 1_000 };

it('doubles from the first to the cap', () => {
  expect([1, 2, 3, 4, 5, 6, 5_000].map((n) => backoffMs(n, POLICY, 0.999999))).toEqual(
    [100, 200, 400, 800, 1_000, 1_000, 1_000].map((ms) => expect.closeTo(ms, 2)),
  );
});

it('is never less than half of its step, nor more than the cap', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (n, random) => {
        const ms = backoffMs(n, POLICY, random);
        expect(ms).toBeGreaterThanOrEqual(POLICY.firstMs / 2);
        expect(ms).toBeLessThanOrEqual(POLICY.capMs);
      },
    ),
  );
});
