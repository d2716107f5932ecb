/** IntervalSet against a plain Set, by random commands; and that its cost follows the runs, not the numbers. */
import fc from 'fast-check';
import { IntervalSet } from '../../../../lib/net/interval-set.ts';

const MOST = 40;
const value = fc.integer({ min: 0, max: MOST }).map(BigInt);

type Command =
  | readonly ['add' | 'delete' | 'has', bigint]
  | readonly ['lowestMissing' | 'countIn', bigint, bigint]
  | readonly ['missingAfter', bigint, bigint, bigint];

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.tuple(fc.constantFrom('add' as const), value),
  fc.tuple(fc.constantFrom('add' as const), value),
  fc.tuple(fc.constantFrom('delete' as const), value),
  fc.tuple(fc.constantFrom('has' as const), value),
  fc.tuple(fc.constantFrom('lowestMissing' as const, 'countIn' as const), value, value),
  fc.tuple(fc.constant('missingAfter' as const), value, value, value),
);

function numbers(first: bigint, last: bigint): bigint[] {
  return first > last ? [] : Array.from({ length: Number(last - first) + 1 }, (_, i) => first + BigInt(i));
}

function run(set: IntervalSet, [name, a, b = 0n, c = 0n]: Command): unknown {
  if (name === 'missingAfter') return set[name](a, b, c);
  if (name === 'lowestMissing' || name === 'countIn') return set[name](a, b);
  return set[name](a);
}

function runModel(model: Set<bigint>, [name, a, b = 0n, c = 0n]: Command): unknown {
  switch (name) {
    case 'add': {
      const isNew = !model.has(a);
      model.add(a);
      return isNew;
    }
    case 'delete':
      return model.delete(a);
    case 'has':
      return model.has(a);
    case 'lowestMissing':
      return numbers(a, b).find((n) => !model.has(n));
    case 'missingAfter': {
      const missing = numbers(b, c).filter((n) => !model.has(n));
      return missing[missing.length > 0 ? Number(a) % missing.length : 0];
    }
    case 'countIn':
      return BigInt(numbers(a, b).filter((n) => model.has(n)).length);
  }
}

it('answers as a Set does, whatever the commands', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
      const set = new IntervalSet();
      const model = new Set<bigint>();
      for (const one of commands) expect([one, run(set, one)]).toEqual([one, runModel(model, one)]);
      expect(numbers(0n, BigInt(MOST)).filter((n) => set.has(n))).toEqual([...model].sort((a, b) => Number(a - b)));
    }),
    { numRuns: 500 },
  );
});

it('finds the lowest missing number beyond 2^64 exactly', () => {
  const set = new IntervalSet();
  const base = 0x20010db8n << 96n;
  for (let i = 0n; i < 1000n; i++) set.add(base + i);
  expect(set.lowestMissing(base, base + (1n << 64n) - 1n)).toBe(base + 1000n);
  expect(set.lowestMissing(base, base + 999n)).toBeUndefined();
  expect(set.countIn(base + 10n, base + (1n << 64n))).toBe(990n);
});

it('keeps one run for what is taken in a row, whatever the order', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(numbers(1n, 30n), { minLength: 30 }), (order) => {
      const set = new IntervalSet();
      for (const n of order) set.add(n);
      expect(set.runs).toBe(1);
    }),
  );
});

describe('made of intervals', () => {
  const interval = fc
    .tuple(fc.bigInt({ min: 0n, max: 40n }), fc.bigInt({ min: 0n, max: 8n }))
    .map(([first, length]) => ({ first, last: first + length }));

  it('has what they have, in runs that are apart, and tells those within bounds', () => {
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 8 }), interval, (intervals, { first, last }) => {
        const set = IntervalSet.of(intervals);
        const has = (value: bigint): boolean => intervals.some((one) => one.first <= value && value <= one.last);
        for (let value = 0n; value < 50n; value++) expect(set.has(value)).toBe(has(value));
        const runs = [...set.runsIn(first, last)];
        for (let value = first; value <= last; value++)
          expect(runs.some((run) => run.first <= value && value <= run.last)).toBe(has(value));
        runs.forEach((run, i) => {
          expect(run.first >= first && run.last <= last && run.first <= run.last).toBe(true);
          if (i > 0) expect(run.first > runs[i - 1]!.last + 1n).toBe(true);
        });
      }),
    );
  });
});
