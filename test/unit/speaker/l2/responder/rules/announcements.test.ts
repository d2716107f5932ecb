/** When addresses are announced, by a clock of the test's own. */
import fc from 'fast-check';
import { addressOf } from '../../../../../../lib/net/address.ts';
import type { Layer2Address } from '../../../../../../speaker/l2/link/link.ts';
import { Announcements } from '../../../../../../speaker/l2/responder/rules/announcements.ts';

function what(n: number): Layer2Address {
  return { address: addressOf(4, 0xc000_0200n + BigInt(n)), interface: 'eth0' };
}

/** Lets time pass up to `untilMs` as the thread does: from one due time to the next. */
function run(announcements: Announcements, untilMs: number): { readonly atMs: number; readonly n: number }[] {
  const sent: { atMs: number; n: number }[] = [];
  for (let next = announcements.nextMs; next !== undefined && next <= untilMs; next = announcements.nextMs) {
    const lot = announcements.take(next);
    for (const { address } of lot) sent.push({ atMs: next, n: Number(address.value - 0xc000_0200n) });
  }
  return sent;
}

it('a new address is announced at once, after one second and after three', () => {
  const announcements = new Announcements();
  announcements.add('a', what(1), 500);
  expect(run(announcements, 60_000).map(({ atMs }) => atMs)).toEqual([500, 1_500, 3_500]);
  expect(announcements.nextMs).toBeUndefined();
});

it('one that is removed is not announced again', () => {
  const announcements = new Announcements();
  announcements.add('a', what(1), 0);
  expect(run(announcements, 10)).toHaveLength(1);
  announcements.remove('a');
  expect(run(announcements, 60_000)).toEqual([]);
});

it('one that is added again starts anew, and not twice', () => {
  const announcements = new Announcements();
  announcements.add('a', what(1), 0);
  run(announcements, 0);
  announcements.add('a', what(1), 600);
  expect(run(announcements, 60_000).map(({ atMs }) => atMs)).toEqual([600, 1_600, 3_600]);
});

it('once more is once, and what is on its way goes on', () => {
  const announcements = new Announcements();
  announcements.add('a', what(1), 0);
  run(announcements, 0);
  announcements.addOnce('a', what(1), 100);
  expect(run(announcements, 60_000).map(({ atMs }) => atMs)).toEqual([100, 1_000, 3_000]);
});

it('2,000 at once are all out within 300 ms, never more than 100 in 5 ms', () => {
  const announcements = new Announcements();
  for (let n = 0; n < 2_000; n++) announcements.add(`${n}`, what(n), 0);
  const sent = run(announcements, 900);
  expect(new Set(sent.map(({ n }) => n)).size).toBe(2_000);
  expect(sent.at(-1)!.atMs).toBeLessThanOrEqual(200);
  for (const { atMs } of sent) {
    expect(sent.filter((other) => other.atMs >= atMs && other.atMs < atMs + 5).length).toBeLessThanOrEqual(100);
  }
});

it('each that stays is announced three times, whatever else comes and goes', () => {
  const step = fc.record({ n: fc.nat(9), adds: fc.boolean(), afterMs: fc.nat(1_500) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const announcements = new Announcements();
      const sent: { atMs: number; n: number }[] = [];
      const addedMs = new Map<number, number>();
      let now = 0;
      for (const { n, adds, afterMs } of steps) {
        sent.push(...run(announcements, now + afterMs));
        now += afterMs;
        if (adds) {
          announcements.add(`${n}`, what(n), now);
          addedMs.set(n, now);
        } else {
          announcements.remove(`${n}`);
          addedMs.delete(n);
        }
      }
      sent.push(...run(announcements, now + 60_000));
      for (let n = 0; n < 10; n++) {
        const since = addedMs.get(n);
        // In the very millisecond in which it was added anew an earlier one may have gone out.
        const times = sent.filter((one) => one.n === n && one.atMs > (since ?? now));
        expect(times.length).toBeGreaterThanOrEqual(since === undefined ? 0 : 2);
        expect(times.length).toBeLessThanOrEqual(since === undefined ? 0 : 3);
      }
    }),
  );
});
