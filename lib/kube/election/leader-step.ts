/**
 * What a candidate for leadership does next, as a pure function of the Lease it sees and what it has seen before.
 *
 * Clocks of two machines are never compared (as in client-go): `renewTime` in the Lease is only looked at for having changed, and the time that has passed since
 * the change was *seen* is measured on this machine's own monotonic clock.
 */
import { type Lease, microTime } from './lease.ts';

export interface LeaderTiming {
  /** A Lease that was not renewed for this long is anybody's. */
  readonly leaseMs: number;
  /** A leader that has not renewed for this long stops leading; well below `leaseMs`, so that it stops before another one starts. */
  readonly renewDeadlineMs: number;
  /** Between two renewals. */
  readonly renewMs: number;
}

/**
 * A leader that is killed is followed after 9 to 10 s; 20 requests a minute. A leader that stops in order frees the Lease, and is followed at once.
 */
export const LEADER_TIMING: LeaderTiming = { leaseMs: 9_000, renewDeadlineMs: 6_000, renewMs: 3_000 };

/** The Lease as last seen to change, and when that was seen. */
export interface Observation {
  /** Holder and renewTime: what a renewal changes. */
  readonly mark: string;
  readonly seenAtMs: number;
}

/** @returns the former observation where nothing changed since. */
export function observe(before: Observation | undefined, lease: Lease | undefined, nowMs: number): Observation {
  const mark = `${lease?.spec?.holderIdentity ?? ''} ${lease?.spec?.renewTime ?? ''}`;
  return before?.mark === mark ? before : { mark, seenAtMs: nowMs };
}

export type Candidacy =
  /** Write {@link leaseFor}: nobody has it, it is ours, or its holder is gone. */
  { readonly kind: 'take' } | { readonly kind: 'wait'; readonly ms: number };

/** @param observation of this very lease. */
export function candidacy(
  lease: Lease | undefined,
  observation: Observation,
  self: string,
  nowMs: number,
  timing: LeaderTiming,
): Candidacy {
  const holder = lease?.spec?.holderIdentity;
  if (!holder || holder === self) return { kind: 'take' };
  // The holder's own duration, should it have been started with another one.
  const leaseMs = (lease?.spec?.leaseDurationSeconds ?? 0) * 1000 || timing.leaseMs;
  const ms = observation.seenAtMs + leaseMs - nowMs;
  return ms <= 0 ? { kind: 'take' } : { kind: 'wait', ms };
}

/** The Lease to write: ours, renewed now. The resourceVersion of `lease` makes it a compare-and-swap. */
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

/** The Lease given back: another one need not wait for it to run out. */
export function freed(lease: Lease, wallMs: number): Lease {
  return {
    ...lease,
    spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(wallMs) },
  };
}
