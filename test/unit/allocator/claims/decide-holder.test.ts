import fc from 'fast-check';
import { decideHolder, type HolderFacts } from '../../../../allocator/claims/decide-holder.ts';
import type { ClaimHolder } from '../../../../lib/api/skycap/claim.ts';
import { holder, NOW_MS } from '../builders.ts';

const GRACE_MS = 60_000;
const ago = (ms: number): string => new Date(NOW_MS - ms).toISOString();
const bound = holder('front', { uid: 'uid-1', token: 't' });
const { uid: _, ...unbound } = bound;
const facts: HolderFacts = {
  service: { uid: 'uid-1', token: 't' },
  isUsed: true,
  isShown: false,
  wasStored: false,
  nowMs: NOW_MS,
  firstSeenMs: NOW_MS - GRACE_MS,
  graceMs: GRACE_MS,
};
const { service: __, ...noService } = facts;
const young = { ...unbound, since: ago(1_000) };
const { name: ___, ...nameless } = young;
const old = { ...unbound, since: ago(GRACE_MS) };

test.each<[string, ClaimHolder, HolderFacts, object]>([
  ['bound and used: stays', bound, facts, { kind: 'keep' }],
  ['unbound, used, with the Service’s name and token: stays', young, facts, { kind: 'keep' }],
  ['unbound, used, with the Service’s token and no name: is bound', nameless, facts, { kind: 'bind' }],
  ['reserved, and used now: is bound', { ...young, waiting: true }, facts, { kind: 'bind' }],
  [
    'unbound, shown and not used any more: goes at once',
    young,
    { ...facts, isUsed: false, isShown: true },
    { kind: 'release', reason: 'NoLongerUsed' },
  ],
  [
    'unbound, its Service was stored and is gone: goes at once',
    young,
    { ...noService, wasStored: true },
    { kind: 'release', reason: 'ServiceGone' },
  ],
  [
    'of another token that was stored, used: is bound',
    { ...young, token: 'x' },
    { ...facts, wasStored: true },
    { kind: 'bind' },
  ],
  [
    'of another token that was stored, not used: goes at once',
    { ...young, token: 'x' },
    { ...facts, isUsed: false, wasStored: true },
    { kind: 'release', reason: 'NoLongerUsed' },
  ],
  [
    'bound and not used any more: goes at once',
    bound,
    { ...facts, isUsed: false },
    { kind: 'release', reason: 'NoLongerUsed' },
  ],
  ['bound to a Service that is gone: goes at once', bound, noService, { kind: 'release', reason: 'ServiceGone' }],
  [
    'bound to the predecessor of the same name, used: is taken over',
    { ...bound, uid: 'uid-0' },
    facts,
    { kind: 'bind' },
  ],
  [
    'bound to the predecessor, not used: goes',
    { ...bound, uid: 'uid-0' },
    { ...facts, isUsed: false },
    { kind: 'release', reason: 'ServiceGone' },
  ],
  [
    'unbound, its Service not there yet: waits for the grace period',
    young,
    noService,
    { kind: 'wait', untilMs: NOW_MS + GRACE_MS - 1_000 },
  ],
  ['unbound, its Service never came: goes', old, noService, { kind: 'release', reason: 'ClaimExpired' }],
  [
    'unbound and not used, as of an update under way: waits',
    young,
    { ...facts, isUsed: false },
    { kind: 'wait', untilMs: NOW_MS + GRACE_MS - 1_000 },
  ],
  [
    'unbound and not used for long: goes',
    old,
    { ...facts, isUsed: false },
    { kind: 'release', reason: 'ClaimExpired' },
  ],
  [
    'another token on it: waits, its Service may be about to be replaced',
    { ...young, token: 'x' },
    facts,
    { kind: 'wait', untilMs: NOW_MS + GRACE_MS - 1_000 },
  ],
  ['another token on it for long: is bound', { ...old, token: 'x' }, facts, { kind: 'bind' }],
  [
    'old by a clock that is behind, but just seen: waits until it was seen for a while',
    old,
    { ...noService, firstSeenMs: NOW_MS },
    { kind: 'wait', untilMs: NOW_MS + 5_000 },
  ],
  [
    'from the future: has the whole grace period',
    { ...unbound, since: ago(-3_600_000) },
    noService,
    { kind: 'wait', untilMs: NOW_MS + GRACE_MS },
  ],
  [
    'of a time that can’t be read: counts from when it was seen',
    { ...unbound, since: 'x' },
    noService,
    { kind: 'release', reason: 'ClaimExpired' },
  ],
])('an entry that is %s', (_, entry, given, verdict) => {
  expect(decideHolder(entry, given)).toEqual(verdict);
});

test('what is used is never released, and an entry whose Service was never seen not within the grace period', () => {
  const entries = fc.record({
    uid: fc.constantFrom(undefined, 'uid-0', 'uid-1'),
    token: fc.constantFrom('t', 'x'),
    ageMs: fc.integer({ min: -GRACE_MS, max: 3 * GRACE_MS }),
  });
  const situations = fc.record({
    hasService: fc.boolean(),
    isUsed: fc.boolean(),
    isShown: fc.boolean(),
    wasStored: fc.boolean(),
    firstSeenMs: fc.integer({ min: 0, max: 2 * GRACE_MS }),
  });
  fc.assert(
    fc.property(entries, situations, ({ uid, token, ageMs }, { hasService, firstSeenMs, ...seen }) => {
      const entry: ClaimHolder = { ...unbound, token, since: ago(ageMs), ...(uid !== undefined && { uid }) };
      const verdict = decideHolder(entry, {
        ...(hasService ? facts : noService),
        ...seen,
        firstSeenMs: NOW_MS - firstSeenMs,
      });
      if (verdict.kind === 'release') {
        expect(hasService && seen.isUsed).toBe(false);
        if (uid === undefined && !seen.wasStored && !(hasService && seen.isShown))
          expect(ageMs).toBeGreaterThanOrEqual(GRACE_MS);
      }
      // A wait that is over leads to something else.
      if (verdict.kind === 'wait') {
        const later = {
          ...(hasService ? facts : noService),
          ...seen,
          firstSeenMs: NOW_MS - firstSeenMs,
          nowMs: verdict.untilMs,
        };
        if (ageMs >= 0) expect(decideHolder(entry, later).kind).not.toBe('wait');
        expect(verdict.untilMs).toBeGreaterThan(NOW_MS);
      }
    }),
  );
});
