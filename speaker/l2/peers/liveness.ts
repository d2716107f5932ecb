/**
 * Which nodes live, from two kinds of signs: Leases (slow, of record) and the suspicions of those who watch a node (fast). Pure.
 *
 * Clocks of two machines are never compared: a Lease's `renewTime` is only looked at for having changed, and the time since the change was seen is
 * this node's own. A Lease that seems to have run out counts only when a read of the API server itself confirms it, and when the API server was
 * there all the time: else it may be what was away. And either sign is only a suspicion: whoever takes over asks on the wire first.
 */

export interface LivenessTiming {
  /** Between two renewals of a Lease. */
  readonly renewMs: number;
  /** A Lease that was not seen to change for this long has run out. */
  readonly leaseMs: number;
}

/** Whoever loses power just after a renewal is missed after 5.6 s, and its addresses answer again within 6; twelve requests a node and minute. */
export const LIVENESS_TIMING: LivenessTiming = { renewMs: 5_000, leaseMs: 5_600 };

/** A Lease as last seen to change; times are this node's monotonic ones. */
export interface Sighting {
  /** What a renewal changes. */
  readonly mark: string;
  readonly seenAtMs: number;
  /** When a read of the API server itself that was sent then showed the same. */
  readonly confirmedAtMs?: number;
}

export interface LivenessInput {
  readonly self: string;
  readonly nowMs: number;
  readonly timing: LivenessTiming;
  /** By the name of the node. */
  readonly sightings: ReadonlyMap<string, Sighting>;
  /** When this node's own Lease was last renewed. */
  readonly renewedAtMs: number;
  /** Since when every request of this node about Leases has succeeded; undefined since one failed. */
  readonly reachableSinceMs: number | undefined;
  /** Whom each node says that it has lost, this node's own included. */
  readonly suspects: ReadonlyMap<string, ReadonlySet<string>>;
  /** Who watches a node. */
  readonly watchersOf: (name: string) => readonly string[];
  readonly seenByWatchers: 'yes' | 'no' | 'unknown';
}

export interface Liveness {
  /** Those not in it are dead, or may be. This node is always in it. */
  readonly live: ReadonlySet<string>;
  /** A Lease has run out, as far as this node has heard: time to ask the API server itself. */
  readonly toConfirm: boolean;
  /** This node's own Lease has run out, as far as it knows. */
  readonly isOverdue: boolean;
  /** Nobody can tell this node anything, and so it must take it that it is thought dead. */
  readonly cutOff: boolean;
  /** Until when nothing changes by itself. */
  readonly nextMs: number;
}

export function judgeLiveness(input: LivenessInput): Liveness {
  const { self, nowMs, sightings, timing, renewedAtMs } = input;
  const others = [...sightings.keys()].filter((name) => name !== self);
  const verdicts = new Map(others.map((name) => [name, leaseVerdict(input, name)]));
  const hasLease = (name: string): boolean => name === self || verdicts.get(name) !== 'expired';
  const live = new Set(others.filter((name) => hasLease(name) && !isSuspect(input, name, hasLease)));
  const quietSinceMs = nowMs - renewedAtMs;
  const isOverdue = quietSinceMs >= timing.leaseMs;
  const moments = [...others.map((name) => expiryMs(input, name)), renewedAtMs + timing.leaseMs];
  return {
    live: live.add(self),
    toConfirm: [...verdicts.values()].includes('overdue'),
    isOverdue,
    cutOff: isOverdue && input.seenByWatchers === 'no',
    nextMs: Math.min(...moments.filter((ms) => ms > nowMs), Number.POSITIVE_INFINITY),
  };
}

/** `overdue`: to be confirmed. */
function leaseVerdict(input: LivenessInput, name: string): 'valid' | 'overdue' | 'expired' {
  if (input.reachableSinceMs === undefined) return 'valid';
  const endMs = expiryMs(input, name);
  if (input.nowMs < endMs) return 'valid';
  return (input.sightings.get(name)?.confirmedAtMs ?? Number.NEGATIVE_INFINITY) >= endMs ? 'expired' : 'overdue';
}

/** After an outage of the API server everybody gets the time to renew. */
function expiryMs({ sightings, timing, reachableSinceMs = 0 }: LivenessInput, name: string): number {
  return Math.max(sightings.get(name)?.seenAtMs ?? 0, reachableSinceMs) + timing.leaseMs;
}

/** Two of its watchers have lost it, or the only one there is. */
function isSuspect(
  { suspects, watchersOf }: LivenessInput,
  name: string,
  hasLease: (name: string) => boolean,
): boolean {
  // Seldom, and so the ring is not computed for every node each time.
  if (![...suspects.values()].some((lost) => lost.has(name))) return false;
  const watchers = watchersOf(name).filter(hasLease);
  const votes = watchers.filter((watcher) => suspects.get(watcher)?.has(name)).length;
  return votes > 0 && votes >= Math.min(2, watchers.length);
}

/** @returns the former sighting where nothing changed since. */
export function sighted(before: Sighting | undefined, mark: string, nowMs: number): Sighting {
  return before?.mark === mark ? before : { mark, seenAtMs: nowMs };
}

/** What a read of the API server itself says that was sent at `askedAtMs`. */
export function confirmed(before: Sighting | undefined, mark: string, askedAtMs: number, nowMs: number): Sighting {
  const sighting = sighted(before, mark, nowMs);
  return sighting === before ? { ...sighting, confirmedAtMs: askedAtMs } : sighting;
}
