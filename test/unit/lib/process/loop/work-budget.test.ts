import fc from 'fast-check';
import { WorkBudget } from '../../../../../lib/process/loop/work-budget.ts';

const OPTIONS = { share: 0.1, burstMs: 100, longestRestMs: 300 };

test('few changes are acted on at once', () => {
  const budget = new WorkBudget(OPTIONS);
  const rests = Array.from({ length: 50 }, (_, i) => budget.spent(15, i * 1_000));
  expect(new Set(rests)).toEqual(new Set([0]));
});

test('a burst is acted on at once, and what goes on longer takes its share of the time', () => {
  const budget = new WorkBudget(OPTIONS);
  const rests: number[] = [];
  let nowMs = 0;
  for (let i = 0; i < 20; i++) {
    nowMs += 20;
    const restMs = budget.spent(20, nowMs);
    rests.push(Math.round(restMs));
    nowMs += restMs;
  }
  expect(rests.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
  // 20 ms of work in 200 ms.
  expect(rests.slice(-3)).toEqual([180, 180, 180]);
});

test('no work, however long, leads to a longer rest than the longest', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0, max: 1e5, noNaN: true }), fc.double({ min: 0, max: 1e5, noNaN: true }))),
      (turns) => {
        const budget = new WorkBudget(OPTIONS);
        let nowMs = 0;
        for (const [workedMs, idleMs] of turns) {
          nowMs += workedMs + idleMs;
          const restMs = budget.spent(workedMs, nowMs);
          expect(restMs).toBeGreaterThanOrEqual(0);
          expect(restMs).toBeLessThanOrEqual(OPTIONS.longestRestMs + 1e-6);
        }
      },
    ),
  );
});
