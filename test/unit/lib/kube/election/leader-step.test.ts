import fc from 'fast-check';
import {
  candidacy,
  freed,
  LEADER_TIMING,
  leaseFor,
  type Observation,
  observe,
} from '../../../../../lib/kube/election/leader-step.ts';
import type { Lease } from '../../../../../lib/kube/election/lease.ts';

const REF = { name: 'election', namespace: 'skycap-system' };
const HELD: Lease = {
  metadata: { ...REF, resourceVersion: '4' },
  spec: {
    holderIdentity: 'other',
    leaseDurationSeconds: 4,
    renewTime: '2026-01-01T00:00:00.000000Z',
    leaseTransitions: 2,
  },
};
const seen = (seenAtMs: number): Observation => ({ mark: 'x', seenAtMs });

const rows: Record<string, { lease: Lease | undefined; sinceMs: number; expected: unknown }> = {
  'there is no Lease': { lease: undefined, sinceMs: 0, expected: { kind: 'take' } },
  'nobody holds it': { lease: freed(HELD, 0), sinceMs: 0, expected: { kind: 'take' } },
  'it is ours': {
    lease: { ...HELD, spec: { ...HELD.spec, holderIdentity: 'self' } },
    sinceMs: 0,
    expected: { kind: 'take' },
  },
  'somebody renews it': { lease: HELD, sinceMs: 3_000, expected: { kind: 'wait', ms: 1_000 } },
  'nobody renewed it for its duration': { lease: HELD, sinceMs: 4_000, expected: { kind: 'take' } },
  'its holder asked for a longer one': {
    lease: { ...HELD, spec: { ...HELD.spec, leaseDurationSeconds: 30 } },
    sinceMs: 4_000,
    expected: { kind: 'wait', ms: 26_000 },
  },
};

it.each(Object.entries(rows))('%s', (_, { lease, sinceMs, expected }) => {
  expect(candidacy(lease, seen(1_000), 'self', 1_000 + sinceMs, LEADER_TIMING)).toEqual(expected);
});

it('counts from when a renewal was seen, whatever the clock of the holder says', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ renew: fc.boolean(), ms: fc.nat(3_999) })), (events) => {
      let observation = observe(undefined, HELD, 0);
      let lease = HELD;
      let nowMs = 0;
      let sinceRenewalMs = 0;
      events.forEach(({ renew, ms }, i) => {
        nowMs += ms;
        sinceRenewalMs += ms;
        // The holder's clock is wrong by centuries, and jumps.
        if (renew) {
          lease = { ...HELD, spec: { ...HELD.spec, renewTime: `${1000 + i}-01-01T00:00:00Z` } };
          sinceRenewalMs = 0;
        }
        observation = observe(observation, lease, nowMs);
        const { kind } = candidacy(lease, observation, 'self', nowMs, LEADER_TIMING);
        expect(kind).toBe(sinceRenewalMs >= LEADER_TIMING.leaseMs ? 'take' : 'wait');
      });
    }),
  );
});

it('takes over with the resourceVersion seen, and counts the change of hands', () => {
  expect(leaseFor(HELD, REF, 'self', 0, LEADER_TIMING)).toEqual({
    metadata: { ...REF, resourceVersion: '4' },
    spec: {
      holderIdentity: 'self',
      leaseDurationSeconds: 4,
      acquireTime: '1970-01-01T00:00:00.000000Z',
      renewTime: '1970-01-01T00:00:00.000000Z',
      leaseTransitions: 3,
    },
  });
});

it('renews without changing when it was acquired', () => {
  const mine = leaseFor(undefined, REF, 'self', 0, LEADER_TIMING);
  const { spec } = leaseFor(mine, REF, 'self', 3_000, LEADER_TIMING);
  expect(spec).toMatchObject({ acquireTime: mine.spec!.acquireTime!, leaseTransitions: 0 });
  expect(spec?.renewTime).toBe('1970-01-01T00:00:03.000000Z');
});

it('leaves a leader time to stop before another one may start', () => {
  const { leaseMs, renewDeadlineMs, renewMs } = LEADER_TIMING;
  expect(renewDeadlineMs).toBeLessThanOrEqual(leaseMs - 1_000);
  expect(renewMs * 2).toBeLessThanOrEqual(renewDeadlineMs);
});
