/** RFC 5227 §2.4: defended, and without a storm. */
import fc from 'fast-check';
import { Defence } from '../../../../../../speaker/l2/responder/rules/defence.ts';

const MAC = 0x0200_0000_0009;
const OTHER_MAC = 0x0200_0000_000a;

it('the first is told and defended', () => {
  expect(new Defence().onConflict('a', MAC, 0)).toEqual({ report: true, defend: true });
});

it.each([
  ['at once', 0, { report: false, defend: false }],
  ['after a second', 1_000, { report: true, defend: false }],
  ['shortly before ten seconds', 9_999, { report: true, defend: false }],
  ['after ten seconds', 10_000, { report: true, defend: true }],
])('another %s', (_, afterMs, expected) => {
  const conflicts = new Defence();
  conflicts.onConflict('a', MAC, 50);
  expect(conflicts.onConflict('a', MAC, 50 + afterMs)).toEqual(expected);
});

it('each address has its own', () => {
  const conflicts = new Defence();
  conflicts.onConflict('a', MAC, 0);
  expect(conflicts.onConflict('b', MAC, 1)).toEqual({ report: true, defend: true });
});

it('each of two machines that have it is told', () => {
  const conflicts = new Defence();
  conflicts.onConflict('a', MAC, 0);
  expect(conflicts.onConflict('a', OTHER_MAC, 1)).toEqual({ report: true, defend: false });
  expect(conflicts.onConflict('a', MAC, 2)).toEqual({ report: false, defend: false });
});

it('machines without number are told of in part', () => {
  const conflicts = new Defence();
  const told = Array.from({ length: 1_000 }, (_, i) => conflicts.onConflict('a', MAC + i, i / 10).report);
  expect(told.filter(Boolean)).toHaveLength(8);
});

it('an answer to a question of its own is told, and not defended against', () => {
  const conflicts = new Defence();
  expect(conflicts.onConflict('a', MAC, 0, true)).toEqual({ report: true, defend: false });
  expect(conflicts.onConflict('a', MAC, 1)).toEqual({ report: false, defend: true });
});

it('one that was given up and comes back starts anew', () => {
  const conflicts = new Defence();
  conflicts.onConflict('a', MAC, 0);
  conflicts.remove('a');
  expect(conflicts.onConflict('a', MAC, 1)).toEqual({ report: true, defend: true });
});

it('however many come: one defence in any ten seconds, and one word in any second', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3_000), { maxLength: 200 }), (gaps) => {
      const conflicts = new Defence();
      let now = 0;
      let lastDefence = Number.NEGATIVE_INFINITY;
      let lastWord = Number.NEGATIVE_INFINITY;
      for (const gap of gaps) {
        now += gap;
        const { report, defend } = conflicts.onConflict('a', MAC, now);
        if (defend) expect(now - lastDefence).toBeGreaterThanOrEqual(10_000);
        if (report) expect(now - lastWord).toBeGreaterThanOrEqual(1_000);
        if (defend) lastDefence = now;
        if (report) lastWord = now;
      }
    }),
  );
});
