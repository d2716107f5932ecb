/** Which machines are worth telling people of, when they are asked, and when they are gone. */
import fc from 'fast-check';
import { formatAddress, parseAddress } from '../../../../../lib/net/address.ts';
import { ConflictTracker, type Kind } from '../../../../../speaker/l2/conflicts/conflict-tracker.ts';
import type { OtherOwner } from '../../../../../speaker/l2/link/link.ts';

const MACHINE = { address: parseAddress('198.51.100.7')!, interface: 'eth0', mac: 0x0200_0000_0009 };
const ANOTHER = { ...MACHINE, mac: 0x0200_0000_000a };
const STEP_MS = 50;

interface Happening {
  readonly atMs: number;
  readonly what: 'asked' | 'begun' | 'over';
  readonly mac: number;
}

/** Lets time pass. @param answers who answers at a time; @param kind what the objects say of them. */
function run(
  seen: ConflictTracker,
  [fromMs, toMs]: readonly [number, number],
  answers: (ms: number) => readonly OtherOwner[] = () => [],
  kind: Kind = 'machine',
  isAsked = true,
): Happening[] {
  const happenings: Happening[] = [];
  for (let ms = fromMs; ms <= toMs; ms += STEP_MS) {
    const { begun, over } = seen.news(ms, () => kind);
    for (const { mac } of begun) happenings.push({ atMs: ms, what: 'begun', mac });
    for (const { mac } of over) happenings.push({ atMs: ms, what: 'over', mac });
    const asked = seen.due(ms, () => isAsked);
    for (const { mac } of asked) happenings.push({ atMs: ms, what: 'asked', mac });
    if (asked.length > 0) for (const other of answers(ms)) seen.heard(other, ms, 0.5);
  }
  return happenings;
}

const timesOf = (happenings: readonly Happening[], what: Happening['what']) =>
  happenings.flatMap((one) => (one.what === what ? [one.atMs] : []));

it('a machine that announces itself once is reported for as long as it answers, and then it is gone', () => {
  const seen = new ConflictTracker();
  seen.heard(MACHINE, 0, 0.5);
  const all = run(seen, [0, 200_000], (ms) => (ms < 120_000 ? [MACHINE] : []));
  expect(timesOf(all, 'begun')).toEqual([2_150]);
  const [over = 0, ...more] = timesOf(all, 'over');
  expect(more).toEqual([]);
  expect(over).toBeGreaterThan(140_000);
  expect(over).toBeLessThan(160_000);
  // Each 10 to 15 s, and a little oftener where it does not answer.
  expect(timesOf(all, 'asked').length).toBeLessThan(18);
});

it('one that is over at once is not told', () => {
  const seen = new ConflictTracker();
  seen.heard(MACHINE, 0, 0.5);
  const all = run(seen, [0, 60_000]);
  expect(all.map(({ what }) => what)).toEqual(['asked', 'asked', 'asked']);
  expect([seen.reported, seen.nextMs]).toEqual([[], undefined]);
});

it('one that does not answer, but goes on announcing itself, is told', () => {
  const seen = new ConflictTracker();
  const begun: number[] = [];
  for (const atMs of [0, 20_000, 40_000, 60_000]) {
    seen.heard(MACHINE, atMs, 0.5);
    begun.push(...timesOf(run(seen, [atMs, atMs + 19_950]), 'begun'));
  }
  expect(begun).toEqual([20_000]);
  expect(seen.reported).toEqual([MACHINE]);
});

it('each of two machines is told, and goes by itself', () => {
  const seen = new ConflictTracker();
  for (const other of [MACHINE, ANOTHER]) seen.heard(other, 0, 0.5);
  const all = run(seen, [0, 100_000], (ms) => (ms < 40_000 ? [MACHINE, ANOTHER] : [ANOTHER]));
  expect(all.filter(({ what }) => what !== 'asked').map(({ what, mac }) => `${what} ${mac}`)).toEqual([
    `begun ${MACHINE.mac}`,
    `begun ${ANOTHER.mac}`,
    `over ${MACHINE.mac}`,
  ]);
});

it.each<[string, Kind, number | undefined]>([
  ['a machine', 'machine', 2_150],
  ['a node that may be taking over, or letting go', 'node', 6_350],
  ['a node that says that it has the address', 'owner', undefined],
])('%s that answers is told after a while: %s', (_, kind, expected) => {
  const seen = new ConflictTracker();
  seen.heard(MACHINE, 0, 0.5);
  expect(
    timesOf(
      run(seen, [0, 60_000], () => [MACHINE], kind),
      'begun',
    ).at(0),
  ).toBe(expected);
});

it('a node that was told of and turns out to have the address is told of no more, and is not said to be gone', () => {
  const seen = new ConflictTracker();
  seen.heard(MACHINE, 0, 0.5);
  run(seen, [0, 10_000], () => [MACHINE]);
  expect(seen.reported).toEqual([MACHINE]);
  const all = run(seen, [10_050, 20_000], () => [MACHINE], 'owner');
  expect([seen.reported, timesOf(all, 'over')]).toEqual([[], []]);
});

it('what its former owner told of is asked at once, and told as soon as it answers', () => {
  const seen = new ConflictTracker();
  seen.suspect(MACHINE, 1_000);
  expect(run(seen, [1_000, 1_100], () => [MACHINE]).map(({ what, atMs }) => [what, atMs])).toEqual([
    ['asked', 1_000],
    ['begun', 1_050],
  ]);
  const gone = new ConflictTracker();
  gone.suspect(MACHINE, 1_000);
  expect(timesOf(run(gone, [1_000, 60_000]), 'begun')).toEqual([]);
  expect(gone.nextMs).toBeUndefined();
});

it('what is asked about elsewhere is not asked about here, and over when nothing is heard of it', () => {
  const seen = new ConflictTracker();
  for (let ms = 0; ms < 4_000; ms += 1_000) seen.heard(MACHINE, ms, 0.5);
  const all = run(seen, [4_000, 60_000], () => [], 'machine', false);
  expect(all.map(({ what, atMs }) => [what, atMs])).toEqual([
    ['begun', 4_000],
    ['over', 33_000],
  ]);
});

it('an address that goes elsewhere is forgotten', () => {
  const seen = new ConflictTracker();
  seen.heard(MACHINE, 0, 0.5);
  run(seen, [0, 3_000], () => [MACHINE]);
  expect(seen.keepOnly((text) => text !== formatAddress(MACHINE.address))).toEqual([MACHINE]);
  expect([seen.reported, seen.nextMs]).toEqual([[], undefined]);
});

it('however many there are and however they answer: few are remembered, and none is asked oftener than each two seconds', () => {
  const heard = fc.record({
    atMs: fc.nat(90_000),
    mac: fc.nat(200),
    random: fc.double({ min: 0, max: 0.99, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(heard, { maxLength: 300 }), (all) => {
      const seen = new ConflictTracker();
      const lastAsked = new Map<number, number>();
      const sorted = all.toSorted((a, b) => a.atMs - b.atMs);
      for (let ms = 0; ms <= 150_000; ms += 500) {
        while (sorted[0] && sorted[0].atMs <= ms) {
          const { mac, random } = sorted.shift()!;
          seen.heard({ ...MACHINE, mac }, ms, random);
        }
        seen.news(ms, () => 'machine');
        expect(seen.reported.length).toBeLessThanOrEqual(100);
        for (const { mac } of seen.due(ms, () => true)) {
          expect(ms - (lastAsked.get(mac) ?? -Infinity)).toBeGreaterThanOrEqual(2_000);
          lastAsked.set(mac, ms);
        }
      }
      expect([seen.reported, seen.nextMs]).toEqual([[], undefined]);
    }),
    { numRuns: 50 },
  );
});
