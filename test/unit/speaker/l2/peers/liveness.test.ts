/** Who lives, by what this node has seen and when. Times are milliseconds of its own clock. */
import fc from 'fast-check';
import {
  confirmed,
  isHeard,
  judgeLiveness,
  type LeaseObservation,
  type LivenessInput,
  leaseDurationSeconds,
  leaseMsOf,
  livenessTiming,
  observe,
} from '../../../../../speaker/l2/peers/liveness.ts';

const NOW = 100_000;
const { leaseMs } = livenessTiming(4);
const NAMES = ['node-1', 'node-2', 'node-3', 'node-4'];

/** The Lease of each was seen to change a second ago; every node is watched by all others. */
function judged(over: Partial<Omit<LivenessInput, 'observations' | 'suspects' | 'renewal'>> & Scene = {}) {
  const { leases = {}, suspects = {}, renewedAtMs = NOW - 2_000, ...rest } = over;
  const observations = new Map(
    NAMES.map((name): [string, LeaseObservation] => [name, seen({ seenAtMs: NOW - 1_000 })]),
  );
  for (const [name, observation] of Object.entries(leases)) {
    if (observation) observations.set(name, observation);
    else observations.delete(name);
  }
  return judgeLiveness({
    self: 'node-1',
    nowMs: NOW,
    renewal: { sentAtMs: renewedAtMs, leaseMs },
    reachableSinceMs: 0,
    watchersOf: (name) => NAMES.filter((other) => other !== name),
    seenByWatchers: 'yes',
    ...rest,
    observations,
    suspects: new Map(Object.entries(suspects).map(([name, lost]) => [name, new Set(lost)])),
  });
}

function seen(over: Partial<LeaseObservation>): LeaseObservation {
  return { record: '1', leaseMs, seenAtMs: NOW, wasRenewed: true, ...over };
}

interface Scene {
  readonly renewedAtMs?: number;
  readonly leases?: Readonly<Record<string, LeaseObservation | undefined>>;
  readonly suspects?: Readonly<Record<string, readonly string[]>>;
}

const oldAt = NOW - leaseMs - 100;
const old = seen({ seenAtMs: oldAt });
const dead: LeaseObservation = { ...old, confirmedAtMs: NOW - 50 };
const gone: LeaseObservation = { ...dead, isExpired: true };

describe('Leases', () => {
  const none: string[] = [];
  it.each<[string, Parameters<typeof judged>[0], string[], string[]]>([
    ['all were renewed', {}, NAMES, none],
    ['one has run out: to be confirmed', { leases: { 'node-2': old } }, NAMES, ['node-2']],
    ['the API server confirms it', { leases: { 'node-2': dead } }, ['node-1', 'node-3', 'node-4'], none],
    [
      'it confirmed only that it was not renewed some time before',
      { leases: { 'node-2': { ...old, confirmedAtMs: NOW - 101 } } },
      NAMES,
      ['node-2'],
    ],
    [
      'it said that it will be renewed less often',
      { leases: { 'node-2': { ...dead, leaseMs: leaseMs + 1_000 } } },
      NAMES,
      none,
    ],
    ['the API server is away', { leases: { 'node-2': dead }, reachableSinceMs: undefined }, NAMES, none],
    ['it was away until just now', { leases: { 'node-2': dead }, reachableSinceMs: NOW - 5_000 }, NAMES, none],
    [
      'it had run out before that',
      { leases: { 'node-2': gone }, reachableSinceMs: undefined },
      ['node-1', 'node-3', 'node-4'],
      none,
    ],
    ['there is none', { leases: { 'node-2': undefined } }, ['node-1', 'node-3', 'node-4'], none],
    ["this node's own is none of it", { leases: { 'node-1': dead } }, NAMES, none],
  ])('%s', (_, scene, live, toConfirm) => {
    const verdict = judged(scene);
    expect([...verdict.live].sort()).toEqual(live);
    expect(verdict.toConfirm).toEqual(toConfirm);
  });

  it('says which have run out for certain, and a renewal ends that', () => {
    expect(judged({ leases: { 'node-2': dead, 'node-3': old } }).ranOut).toEqual(['node-2']);
    const renewed = observe(gone, { record: '2', leaseMs }, NOW);
    expect(judged({ leases: { 'node-2': renewed } }).ranOut).toEqual([]);
  });

  it('says when the next one runs out', () => {
    expect(judged().nextMs).toBe(NOW - 2_000 + leaseMs);
    expect(judged({ leases: { 'node-3': seen({ seenAtMs: NOW - 3_000 }) } }).nextMs).toBe(NOW - 3_000 + leaseMs);
    expect(judged({ renewedAtMs: 0, leases: { 'node-2': dead } }).nextMs).toBe(NOW - 1_000 + leaseMs);
  });

  it('a wall clock that is wrong does not matter: only that the record changes, and when that was seen', () => {
    const first = observe(undefined, { record: '1999-01-01', leaseMs }, NOW);
    expect(observe(first, { record: '1999-01-01', leaseMs }, NOW + 5)).toBe(first);
    const next = { record: '1998-01-01', leaseMs: 8_600 };
    expect(observe(first, next, NOW + 5)).toEqual({ ...next, seenAtMs: NOW + 5, wasRenewed: true });
  });

  it('only one that was seen to be renewed proves that its node lives, and for its own time', () => {
    const found = observe(undefined, { record: '1', leaseMs }, NOW);
    expect(isHeard(found, NOW)).toBe(false);
    const renewed = observe(found, { record: '2', leaseMs }, NOW);
    expect([NOW, NOW + leaseMs - 1, NOW + leaseMs].map((ms) => isHeard(renewed, ms))).toEqual([true, true, false]);
  });

  it('a read that shows a renewal which no watch told of counts as seen', () => {
    expect(confirmed(old, { record: '2', leaseMs }, NOW - 10, NOW)).toEqual(seen({ record: '2' }));
    expect(confirmed(old, { record: '1', leaseMs }, NOW - 10, NOW)).toEqual({ ...old, confirmedAtMs: NOW - 10 });
  });
});

describe('suspicions', () => {
  const three = ['node-1', 'node-3', 'node-4'];
  it.each<[string, Parameters<typeof judged>[0], string[]]>([
    ['one of three watchers is not enough', { suspects: { 'node-3': ['node-2'] } }, NAMES],
    ['two are', { suspects: { 'node-3': ['node-2'], 'node-1': ['node-2'] } }, three],
    [
      'of one who does not watch it does not count',
      { suspects: { 'node-3': ['node-2'], 'node-9': ['node-2'] } },
      NAMES,
    ],
    ['the only one there is is enough', { suspects: { 'node-3': ['node-2'] }, watchersOf: () => ['node-3'] }, three],
    [
      'one of whom the Lease has run out is none',
      { suspects: { 'node-3': ['node-2'] }, leases: { 'node-4': dead }, watchersOf: () => ['node-3', 'node-4'] },
      ['node-1', 'node-3'],
    ],
    ['this node lives for itself', { suspects: { 'node-3': ['node-1'], 'node-2': ['node-1'] } }, NAMES],
  ])('%s', (_, scene, live) => {
    expect([...judged(scene).live].sort()).toEqual(live);
  });
});

describe('cut off', () => {
  const quiet = { renewedAtMs: NOW - leaseMs };
  it.each<[string, Parameters<typeof judged>[0], boolean]>([
    ['neither the API server nor the watchers', { ...quiet, seenByWatchers: 'no' }, true],
    ['not yet for the time of a Lease', { renewedAtMs: NOW - leaseMs + 1, seenByWatchers: 'no' }, false],
    ['the API server alone', { ...quiet, seenByWatchers: 'yes' }, false],
    ['the watchers alone', { seenByWatchers: 'no' }, false],
    ['the API server, and watchers were never there', { ...quiet, seenByWatchers: 'unknown' }, false],
  ])('%s', (_, scene, expected) => {
    expect(judged(scene).cutOff).toBe(expected);
  });
});

describe('how often', () => {
  it.each([
    [1, 5_000, 5_600],
    [100, 5_000, 5_600],
    [101, 6_000, 6_600],
    [1_000, 50_000, 50_600],
    [5_000, 60_000, 60_600],
  ])('%d nodes: every %d ms, and one is missed after %d', (nodes, renewMs, leaseMs) => {
    expect(livenessTiming(nodes)).toEqual({ renewMs, leaseMs });
  });

  it('others read from a Lease just what its node meant', () => {
    fc.assert(
      fc.property(fc.nat(10_000), (nodes) => {
        const timing = livenessTiming(nodes);
        expect(leaseMsOf(leaseDurationSeconds(timing))).toBe(timing.leaseMs);
      }),
    );
  });

  it('with up to 1,200 nodes the renewals that all hear of grow with the nodes, not with their square', () => {
    for (const nodes of [100, 300, 900, 1_200]) {
      expect((nodes * nodes * 1_000) / livenessTiming(nodes).renewMs).toBeLessThanOrEqual(20 * nodes);
    }
  });

  it.each([undefined, 0, -5, 1])('a Lease that says %p is one of the shortest', (seconds) => {
    expect(leaseMsOf(seconds)).toBe(5_600);
  });

  it('one that says more than there is is one of the longest', () => {
    expect(leaseMsOf(2 ** 31 - 1)).toBe(60_600);
  });
});
