/** Who lives, by what this node has seen and when. Times are milliseconds of its own clock. */
import {
  confirmed,
  judgeLiveness,
  LIVENESS_TIMING,
  type LivenessInput,
  type Sighting,
  sighted,
} from '../../../../../speaker/l2/peers/liveness.ts';

const NOW = 100_000;
const { leaseMs } = LIVENESS_TIMING;
const NAMES = ['node-1', 'node-2', 'node-3', 'node-4'];

/** The Lease of each was seen to change a second ago; every node is watched by all others. */
function judged(over: Partial<Omit<LivenessInput, 'sightings' | 'suspects'>> & Scene = {}) {
  const { leases = {}, suspects = {}, ...rest } = over;
  const sightings = new Map<string, Sighting>(NAMES.map((name) => [name, { mark: '1', seenAtMs: NOW - 1_000 }]));
  for (const [name, sighting] of Object.entries(leases)) {
    if (sighting) sightings.set(name, sighting);
    else sightings.delete(name);
  }
  return judgeLiveness({
    self: 'node-1',
    nowMs: NOW,
    timing: LIVENESS_TIMING,
    renewedAtMs: NOW - 2_000,
    reachableSinceMs: 0,
    watchersOf: (name) => NAMES.filter((other) => other !== name),
    seenByWatchers: 'yes',
    ...rest,
    sightings,
    suspects: new Map(Object.entries(suspects).map(([name, lost]) => [name, new Set(lost)])),
  });
}

interface Scene {
  readonly leases?: Readonly<Record<string, Sighting | undefined>>;
  readonly suspects?: Readonly<Record<string, readonly string[]>>;
}

const oldAt = NOW - leaseMs - 100;
const old: Sighting = { mark: '1', seenAtMs: oldAt };
const dead: Sighting = { ...old, confirmedAtMs: NOW - 50 };

describe('Leases', () => {
  it.each<[string, Parameters<typeof judged>[0], string[], boolean]>([
    ['all were renewed', {}, NAMES, false],
    ['one has run out: to be confirmed', { leases: { 'node-2': old } }, NAMES, true],
    ['the API server confirms it', { leases: { 'node-2': dead } }, ['node-1', 'node-3', 'node-4'], false],
    [
      'it confirmed only that it was not renewed some time before',
      { leases: { 'node-2': { ...old, confirmedAtMs: NOW - 101 } } },
      NAMES,
      true,
    ],
    ['the API server is away', { leases: { 'node-2': dead }, reachableSinceMs: undefined }, NAMES, false],
    ['it was away until just now', { leases: { 'node-2': dead }, reachableSinceMs: NOW - 5_000 }, NAMES, false],
    ['there is none', { leases: { 'node-2': undefined } }, ['node-1', 'node-3', 'node-4'], false],
    ["this node's own is none of it", { leases: { 'node-1': dead } }, NAMES, false],
  ])('%s', (_, scene, live, toConfirm) => {
    const verdict = judged(scene);
    expect([...verdict.live].sort()).toEqual(live);
    expect(verdict.toConfirm).toBe(toConfirm);
  });

  it('says when the next one runs out', () => {
    expect(judged().nextMs).toBe(NOW - 2_000 + leaseMs);
    expect(judged({ leases: { 'node-3': { mark: '1', seenAtMs: NOW - 3_000 } } }).nextMs).toBe(NOW - 3_000 + leaseMs);
    expect(judged({ renewedAtMs: 0, leases: { 'node-2': dead } }).nextMs).toBe(NOW - 1_000 + leaseMs);
  });

  it('a wall clock that is wrong does not matter: only that the mark changes, and when that was seen', () => {
    const first = sighted(undefined, '1999-01-01', NOW);
    expect(sighted(first, '1999-01-01', NOW + 5)).toBe(first);
    expect(sighted(first, '1998-01-01', NOW + 5)).toEqual({ mark: '1998-01-01', seenAtMs: NOW + 5 });
  });

  it('a read that shows a renewal which no watch told of counts as seen', () => {
    expect(confirmed(old, '2', NOW - 10, NOW)).toEqual({ mark: '2', seenAtMs: NOW });
    expect(confirmed(old, '1', NOW - 10, NOW)).toEqual({ ...old, confirmedAtMs: NOW - 10 });
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
