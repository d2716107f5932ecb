/** The history stays within its limits, and loses nothing before. */
import * as fc from 'fast-check';
import {
  appended,
  expired,
  type HistoryLimits,
  type Segment,
  type SegmentText,
  segmentSize,
} from '../../../../../allocator/claims/history/plan-segments.ts';
import type { HistoryEntry } from '../../../../../lib/ipam/history/entry.ts';

const DAY_MS = 86_400_000;
const entries = (from: number, count: number): HistoryEntry[] =>
  Array.from({ length: count }, (_, i) => ({ name: String(from + i) }) as HistoryEntry);
const limits = (differs: Partial<HistoryLimits> = {}): HistoryLimits => ({ entries: 10_000, days: 90, ...differs });

test('the first object, a fuller one, and the next one', () => {
  const shape = (segments: readonly SegmentText[]) => segments.map(({ first, entries: all }) => [first, all.length]);
  expect(shape(appended(undefined, entries(0, 3), limits()))).toEqual([[0, 3]]);
  expect(shape(appended({ first: 0, entries: entries(0, 3) }, entries(3, 2), limits()))).toEqual([[0, 5]]);
  expect(shape(appended({ first: 0, entries: entries(0, 999) }, entries(999, 1_003), limits()))).toEqual([
    [0, 1_000],
    [1_000, 1_000],
    [2_000, 2],
  ]);
  // The setting was larger before.
  expect(shape(appended({ first: 0, entries: entries(0, 999) }, entries(999, 12), limits({ entries: 100 })))).toEqual([
    [999, 10],
    [1_009, 2],
  ]);
});

test('any sequence of writes keeps the newest entries in order, at least nine tenths of the limit and never more', () => {
  const writes = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(writes, fc.integer({ min: 1, max: 300 }), (counts, most) => {
      const limit = limits({ entries: most });
      let stored: (SegmentText & Segment)[] = [];
      let total = 0;
      for (const count of counts) {
        const written = appended(stored.at(-1), entries(total, count), limit);
        total += count;
        const kept = stored.filter(({ first }) => first !== written[0]?.first);
        stored = [...kept, ...written.map((one) => ({ ...one, createdMs: 0 }))];
        const gone = expired(stored, total, limit, 0);
        stored = stored.filter((one) => !gone.includes(one));
        for (const { entries: all } of stored) expect(all.length).toBeLessThanOrEqual(segmentSize(limit));
        const names = stored.flatMap(({ entries: all }) => all.map(({ name }) => Number(name)));
        expect(names).toEqual(Array.from({ length: names.length }, (_, i) => total - names.length + i));
        expect(names.length).toBeLessThanOrEqual(most);
        expect(names.length).toBeGreaterThan(Math.min(total, most - segmentSize(limit)) - 1);
      }
    }),
  );
});

test('an object goes once all its entries are too old; the last one stays', () => {
  const segment = (first: number, days: number): Segment => ({ first, createdMs: days * DAY_MS });
  const segments = [segment(0, 0), segment(10, 5), segment(20, 60)];
  const gone = (nowDays: number) => expired(segments, 25, limits(), nowDays * DAY_MS).map(({ first }) => first);
  expect(gone(94)).toEqual([]);
  expect(gone(96)).toEqual([0]);
  expect(gone(149)).toEqual([0]);
  expect(gone(1_000)).toEqual([0, 10]);
});
