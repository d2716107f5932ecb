/**
 * Judges which nodes live, by two signs: their Leases (slow, authoritative) and the suspicions of the nodes that watch them by BFD (fast). Pure.
 *
 * The clocks of two machines are never compared. As in client-go's leader election, a node observes that a `renewTime` has changed, and measures the time since on its
 * own clock. A Lease that seems expired counts as expired only if a read from the API server itself confirms it, and if the API server answered all the time:
 * otherwise the API server may have been away. An expired Lease stays expired until it changes: an outage of the API server brings no node back.
 * Either sign is only a suspicion: a node that takes over probes on the wire first.
 */

export interface LivenessTiming {
  /** The interval of renewals. */
  readonly renewMs: number;
  /** A Lease without a change for this long has expired. */
  readonly leaseMs: number;
}

/**
 * A Lease is valid for this much longer than the interval of renewals. With renewals 5 s apart, which are twelve requests a node and minute, a node that loses power
 * just after a renewal is missed after 5.6 s, and its addresses answer again within 6.
 */
const LATE_MS = 600;
const SHORTEST_RENEW_SECONDS = 5;
/** With more nodes, each renews less often. Every node receives every renewal, so the API server's traffic grows with the nodes and not with their square. */
const NODES_AT_SHORTEST = 100;
/** Bounds the time until the loss of a node is noticed that no node watches by BFD. */
const LONGEST_RENEW_SECONDS = 60;

/** @param nodes the number of nodes with a Lease. */
export function livenessTiming(nodes: number): LivenessTiming {
  return timingOf(Math.ceil((SHORTEST_RENEW_SECONDS * nodes) / NODES_AT_SHORTEST));
}

/** For `leaseDurationSeconds` of a Lease, rounded up. */
export function leaseDurationSeconds({ leaseMs }: LivenessTiming): number {
  return Math.ceil(leaseMs / 1000);
}

/** @param durationSeconds as {@link leaseDurationSeconds} writes them; other values count as the nearest that it can write. */
export function leaseMsOf(durationSeconds: number | undefined): number {
  return timingOf(Math.trunc(durationSeconds ?? 0) - Math.ceil(LATE_MS / 1000)).leaseMs;
}

/** @param renewSeconds before the limits. */
function timingOf(renewSeconds: number): LivenessTiming {
  const renewMs = Math.min(Math.max(renewSeconds, SHORTEST_RENEW_SECONDS), LONGEST_RENEW_SECONDS) * 1000;
  return { renewMs, leaseMs: renewMs + LATE_MS };
}

/** A Lease, as far as liveness needs it. */
export interface LeaseRecord {
  /** A renewal changes this text. */
  readonly record: string;
  readonly leaseMs: number;
}

/** A Lease and its last observed change; times are monotonic ones of this node. */
export interface LeaseObservation extends LeaseRecord {
  readonly seenAtMs: number;
  /** This node observed a change, and did not only find the Lease. */
  readonly wasRenewed: boolean;
  /** When the last read from the API server itself was sent that found no change. */
  readonly confirmedAtMs?: number;
  /** The Lease was found expired. That holds until the Lease changes, even if this node loses the API server meanwhile. */
  readonly isExpired?: true;
}

/** The last renewal of this node's own Lease. */
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
  /** The suspects of each node, with this node's own. */
  readonly suspects: ReadonlyMap<string, ReadonlySet<string>>;
  /** The nodes that watch a node. */
  readonly watchersOf: (name: string) => readonly string[];
  readonly seenByWatchers: 'yes' | 'no' | 'unknown';
}

export interface Liveness {
  /** All other nodes are dead, or may be. Contains this node always. */
  readonly live: ReadonlySet<string>;
  /** Nodes whose Lease has expired by this node's observations: to be read from the API server itself. */
  readonly toConfirm: readonly string[];
  /** Nodes whose Lease has expired for certain; the caller sets `isExpired` of the observation. */
  readonly ranOut: readonly string[];
  /** This node's own Lease may have expired. */
  readonly isOverdue: boolean;
  /** Neither the API server nor a watcher answers, so other nodes may hold this node for dead. */
  readonly cutOff: boolean;
  /** Until then time alone changes nothing. */
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

/** `overdue`: expired, but not confirmed. */
function leaseVerdict(input: LivenessInput, observation: LeaseObservation): 'valid' | 'overdue' | 'expired' {
  if (observation.isExpired) return 'expired';
  if (input.reachableSinceMs === undefined) return 'valid';
  const endMs = expiryMs(input, observation);
  if (input.nowMs < endMs) return 'valid';
  return (observation.confirmedAtMs ?? Number.NEGATIVE_INFINITY) >= endMs ? 'expired' : 'overdue';
}

/** After an outage of the API server all nodes get the time to renew. */
function expiryMs({ reachableSinceMs = 0 }: LivenessInput, { seenAtMs, leaseMs }: LeaseObservation): number {
  return Math.max(seenAtMs, reachableSinceMs) + leaseMs;
}

/** Two of the node's watchers suspect it, or its only one. */
function isSuspect(
  { suspects, watchersOf }: LivenessInput,
  name: string,
  hasLease: (name: string) => boolean,
): boolean {
  // Suspicions are rare; without one the ring is not computed.
  if (![...suspects.values()].some((lost) => lost.has(name))) return false;
  const watchers = watchersOf(name).filter(hasLease);
  const votes = watchers.filter((watcher) => suspects.get(watcher)?.has(name)).length;
  return votes > 0 && votes >= Math.min(2, watchers.length);
}

/** Whether a node is known to live. A Lease that a speaker only found at its start may belong to a node that has been dead for long. */
export function isHeard({ wasRenewed, seenAtMs, leaseMs }: LeaseObservation, nowMs: number): boolean {
  return wasRenewed && nowMs < seenAtMs + leaseMs;
}

/** @returns the former observation if nothing has changed since. */
export function observe(before: LeaseObservation | undefined, seen: LeaseRecord, nowMs: number): LeaseObservation {
  return before?.record === seen.record ? before : { ...seen, seenAtMs: nowMs, wasRenewed: before !== undefined };
}

/** The observation after a read from the API server itself that was sent at `askedAtMs`. */
export function confirmed(
  before: LeaseObservation | undefined,
  seen: LeaseRecord,
  askedAtMs: number,
  nowMs: number,
): LeaseObservation {
  const observation = observe(before, seen, nowMs);
  return observation === before ? { ...observation, confirmedAtMs: askedAtMs } : observation;
}
