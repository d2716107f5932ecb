/**
 * Which nodes live, from two kinds of signs: Leases (slow, of record) and the suspicions of those who watch a node (fast). Pure.
 *
 * Clocks of two machines are never compared: a Lease's `renewTime` is only looked at for having changed, and the time since the change was seen is
 * this node's own. A Lease that seems to have run out counts only when a read of the API server itself confirms it, and when the API server was
 * there all the time: else it may be what was away. One that has run out stays so until it changes: that the API server is away brings nobody back.
 * And either sign is only a suspicion: whoever takes over asks on the wire first.
 */

export interface LivenessTiming {
  /** Between two renewals of a Lease. */
  readonly renewMs: number;
  /** A Lease that was not seen to change for this long has run out. */
  readonly leaseMs: number;
}

/**
 * What a Lease stands longer than until its next renewal. Whoever loses power just after one is missed after 5.6 s where renewals are 5 s apart, and its
 * addresses answer again within 6; twelve requests a node and minute.
 */
const LATE_MS = 600;
const SHORTEST_RENEW_SECONDS = 5;
/** More nodes renew less often. Every node hears of every renewal, and so what the API server sends grows with the nodes and not with their square. */
const NODES_AT_SHORTEST = 100;
/** The loss of a node that nobody sees by BFD is to be noticed some time. */
const LONGEST_RENEW_SECONDS = 60;

/** @param nodes that have a Lease. */
export function livenessTiming(nodes: number): LivenessTiming {
  return timingOf(Math.ceil((SHORTEST_RENEW_SECONDS * nodes) / NODES_AT_SHORTEST));
}

/** In a Lease the time is rounded up to whole seconds. */
export function leaseDurationSeconds({ leaseMs }: LivenessTiming): number {
  return Math.ceil(leaseMs / 1000);
}

/** @param durationSeconds as {@link leaseDurationSeconds} wrote them; anything else is taken for the nearest that it can write. */
export function leaseMsOf(durationSeconds: number | undefined): number {
  return timingOf(Math.trunc(durationSeconds ?? 0) - Math.ceil(LATE_MS / 1000)).leaseMs;
}

/** @param renewSeconds the nearest that may be. */
function timingOf(renewSeconds: number): LivenessTiming {
  const renewMs = Math.min(Math.max(renewSeconds, SHORTEST_RENEW_SECONDS), LONGEST_RENEW_SECONDS) * 1000;
  return { renewMs, leaseMs: renewMs + LATE_MS };
}

/** What a Lease says. */
export interface SeenLease {
  /** What a renewal changes. */
  readonly mark: string;
  readonly leaseMs: number;
}

/** A Lease as last seen to change; times are this node's monotonic ones. */
export interface LeaseObservation extends SeenLease {
  readonly seenAtMs: number;
  /** This node was there when it changed, and did not only find it. */
  readonly wasRenewed: boolean;
  /** When a read of the API server itself that was sent then showed the same. */
  readonly confirmedAtMs?: number;
  /** It was found to have run out. That stays true until it changes, however this node fares meanwhile. */
  readonly isExpired?: true;
}

/** This node's own Lease, as it was last renewed. */
export interface Renewal {
  readonly sentAtMs: number;
  readonly leaseMs: number;
}

export interface LivenessInput {
  readonly self: string;
  readonly nowMs: number;
  /** By the name of the node. */
  readonly observations: ReadonlyMap<string, LeaseObservation>;
  readonly renewal: Renewal;
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
  /** Nodes whose Lease has run out, as far as this node has heard: time to ask the API server itself. */
  readonly toConfirm: readonly string[];
  /** Nodes whose Lease has run out for certain: to be remembered with its sighting. */
  readonly ranOut: readonly string[];
  /** This node's own Lease has run out, as far as it knows. */
  readonly isOverdue: boolean;
  /** Nobody can tell this node anything, and so it must take it that it is thought dead. */
  readonly cutOff: boolean;
  /** Until when nothing changes by itself. */
  readonly nextMs: number;
}

export function judgeLiveness(input: LivenessInput): Liveness {
  const { self, nowMs, observations, renewal } = input;
  const othersObservations = [...observations].filter(([name]) => name !== self);
  const others = othersObservations.map(([name]) => name);
  const verdicts = new Map(othersObservations.map(([name, observation]) => [name, leaseVerdict(input, observation)]));
  const hasLease = (name: string): boolean => name === self || verdicts.get(name) !== 'expired';
  const live = new Set(others.filter((name) => hasLease(name) && !isSuspect(input, name, hasLease)));
  const ownExpiryMs = renewal.sentAtMs + renewal.leaseMs;
  const isOverdue = nowMs >= ownExpiryMs;
  const moments = [...othersObservations.map(([, observation]) => expiryMs(input, observation)), ownExpiryMs];
  return {
    live: live.add(self),
    toConfirm: others.filter((name) => verdicts.get(name) === 'overdue'),
    ranOut: others.filter((name) => verdicts.get(name) === 'expired'),
    isOverdue,
    cutOff: isOverdue && input.seenByWatchers === 'no',
    nextMs: Math.min(...moments.filter((ms) => ms > nowMs), Number.POSITIVE_INFINITY),
  };
}

/** `overdue`: to be confirmed. */
function leaseVerdict(input: LivenessInput, observation: LeaseObservation): 'valid' | 'overdue' | 'expired' {
  if (observation.isExpired) return 'expired';
  if (input.reachableSinceMs === undefined) return 'valid';
  const endMs = expiryMs(input, observation);
  if (input.nowMs < endMs) return 'valid';
  return (observation.confirmedAtMs ?? Number.NEGATIVE_INFINITY) >= endMs ? 'expired' : 'overdue';
}

/** After an outage of the API server everybody gets the time to renew. */
function expiryMs({ reachableSinceMs = 0 }: LivenessInput, { seenAtMs, leaseMs }: LeaseObservation): number {
  return Math.max(seenAtMs, reachableSinceMs) + leaseMs;
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

/** Proof that a node lives. A Lease that a speaker only found when it was started may be that of a node which has been dead for long. */
export function isHeard({ wasRenewed, seenAtMs, leaseMs }: LeaseObservation, nowMs: number): boolean {
  return wasRenewed && nowMs < seenAtMs + leaseMs;
}

/** @returns the former sighting where nothing changed since. */
export function observe(before: LeaseObservation | undefined, seen: SeenLease, nowMs: number): LeaseObservation {
  return before?.mark === seen.mark ? before : { ...seen, seenAtMs: nowMs, wasRenewed: before !== undefined };
}

/** What a read of the API server itself says that was sent at `askedAtMs`. */
export function confirmed(
  before: LeaseObservation | undefined,
  seen: SeenLease,
  askedAtMs: number,
  nowMs: number,
): LeaseObservation {
  const observation = observe(before, seen, nowMs);
  return observation === before ? { ...observation, confirmedAtMs: askedAtMs } : observation;
}
