/**
 * Decides the next step of a candidate for leadership, as a pure function of the Lease and of its former observation.
 *
 * Clocks of two machines are never compared (as in client-go): `renewTime` only shows that the Lease has changed, and the time since the change was seen is measured by
 * this machine's monotonic clock.
 */
import { type Lease, microTime } from './lease.ts';

export interface LeaderTiming {
  /** A Lease without a renewal for this time is free. */
  readonly leaseMs: number;
  /** A leader without a renewal for this time stops leading; below `leaseMs`, so that it stops before another one starts. */
  readonly renewDeadlineMs: number;
  /** From one renewal to the next. */
  readonly renewMs: number;
}

/**
 * A lost leader is replaced after 3 to 4 s; 60 requests a minute. A leader that stops in order frees the Lease, and is replaced at once. An API server that takes
 * longer than 1.5 s for a write costs the leadership, and after it a term begins anew; nothing else is lost.
 */
export const LEADER_TIMING: LeaderTiming = { leaseMs: 4_000, renewDeadlineMs: 3_000, renewMs: 1_000 };

/** The Lease as last seen to change, and the time. */
export interface Observation {
  /** Holder and renewTime, which a renewal changes. */
  readonly mark: string;
  readonly seenAtMs: number;
}

/** @returns the former observation if nothing changed since. */
export function observe(before: Observation | undefined, lease: Lease | undefined, nowMs: number): Observation {
  const mark = `${lease?.spec?.holderIdentity ?? ''} ${lease?.spec?.renewTime ?? ''}`;
  return before?.mark === mark ? before : { mark, seenAtMs: nowMs };
}

export type Candidacy =
  /** Write {@link leaseFor}: the Lease is free, this candidate's, or its holder is gone. */
  { readonly kind: 'take' } | { readonly kind: 'wait'; readonly ms: number };

/** @param observation of this Lease. */
export function candidacy(
  lease: Lease | undefined,
  observation: Observation,
  self: string,
  nowMs: number,
  timing: LeaderTiming,
): Candidacy {
  const holder = lease?.spec?.holderIdentity;
  if (!holder || holder === self) return { kind: 'take' };
  // The holder may have been started with another duration.
  const leaseMs = (lease?.spec?.leaseDurationSeconds ?? 0) * 1000 || timing.leaseMs;
  const ms = observation.seenAtMs + leaseMs - nowMs;
  return ms <= 0 ? { kind: 'take' } : { kind: 'wait', ms };
}

/** The Lease to write: this candidate's, renewed now. The resourceVersion of `lease` makes it a compare-and-swap. */
export function leaseFor(
  lease: Lease | undefined,
  ref: { readonly name: string; readonly namespace: string },
  self: string,
  wallMs: number,
  timing: LeaderTiming,
): Lease {
  const now = microTime(wallMs);
  const kept = lease?.spec?.holderIdentity === self;
  const transitions = lease?.spec?.leaseTransitions ?? 0;
  return {
    ...lease,
    metadata: lease?.metadata ?? ref,
    spec: {
      ...lease?.spec,
      holderIdentity: self,
      leaseDurationSeconds: Math.ceil(timing.leaseMs / 1000),
      acquireTime: (kept && lease?.spec?.acquireTime) || now,
      renewTime: now,
      leaseTransitions: lease && !kept ? transitions + 1 : transitions,
    },
  };
}

/** The freed Lease: another candidate need not wait for its expiry. */
export function freed(lease: Lease, wallMs: number): Lease {
  return {
    ...lease,
    spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(wallMs) },
  };
}
