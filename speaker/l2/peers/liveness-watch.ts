/**
 * Watches which nodes live: it records the renewals of the Leases and judges them (`liveness.ts`). It has a loop of its own, so that the renewals of all nodes do
 * not trigger decisions about addresses.
 */
import type { Lease } from '../../../lib/kube/election/lease.ts';
import type { Clock } from '../../../lib/process/clock.ts';
import type { Logger } from '../../../lib/process/log.ts';
import { LevelLoop, type Requeue } from '../../../lib/process/loop/level-loop.ts';
import {
  confirmed,
  isHeard,
  judgeLiveness,
  type LeaseObservation,
  type LeaseRecord,
  type Liveness,
  leaseMsOf,
  livenessTiming,
  observe,
  type Renewal,
} from './liveness.ts';
import type { PeerWatchPort } from './peer-watch-port.ts';
import { watchedBy } from './ring.ts';

export interface LivenessWatchOptions {
  readonly self: string;
  readonly clock: Clock;
  readonly peers: Pick<PeerWatchPort, 'lost' | 'seenByWatchers'>;
  /** The suspects that each node reports. */
  readonly suspects: () => ReadonlyMap<string, ReadonlySet<string>>;
  /** Reads Leases from the API server itself. @param names of nodes; the result may have more. */
  readonly readLeases: (names: readonly string[], signal: AbortSignal) => Promise<readonly Lease[]>;
  /** The set of live nodes has changed, or whether this node is cut off. */
  readonly onChange: () => void;
  readonly log: Logger;
}

/** The interval of reads, if the API server does not confirm an expiry. */
const CONFIRM_EVERY_MS = 500;

export class LivenessWatch {
  readonly #options: LivenessWatchOptions;
  readonly #loop: LevelLoop;
  readonly #observations = new Map<string, LeaseObservation>();
  #renewal: Renewal;
  #reachableSinceMs: number | undefined;
  #verdict: Liveness;

  constructor(options: LivenessWatchOptions) {
    this.#options = options;
    this.#renewal = { sentAtMs: options.clock.monotonicMs(), leaseMs: livenessTiming(1).leaseMs };
    this.#verdict = this.#judge();
    this.#loop = new LevelLoop({ name: 'liveness', act: (signal) => this.#act(signal), log: options.log });
  }

  /** The last judgement; `onChange` reports changes. */
  get verdict(): Liveness {
    return this.#verdict;
  }

  /** The nodes with a Lease, valid or not. */
  get members(): readonly string[] {
    return [...this.#observations.keys()];
  }

  /** The nodes whose Lease this node has seen renewed, and that is still valid. */
  get heard(): ReadonlySet<string> {
    const nowMs = this.#options.clock.monotonicMs();
    return new Set(
      [...this.#observations].flatMap(([name, observation]) => (isHeard(observation, nowMs) ? [name] : [])),
    );
  }

  /** @param lease undefined after a deletion. */
  saw(name: string, lease: Lease | undefined): void {
    if (lease) {
      this.#observations.set(
        name,
        observe(this.#observations.get(name), seenIn(lease), this.#options.clock.monotonicMs()),
      );
    } else {
      this.#observations.delete(name);
    }
    // A renewal of a live node changes nothing before the time that is computed already.
    if (!lease || !this.#verdict.live.has(name)) this.look();
  }

  renewed(renewal: Renewal): void {
    // While this node could not renew, no Lease expired, and the loop waited for no time.
    const isBack = this.#reachableSinceMs === undefined || this.#verdict.isOverdue;
    this.#renewal = renewal;
    this.#reachableSinceMs ??= renewal.sentAtMs;
    if (isBack) this.look();
  }

  failed(): void {
    this.#reachableSinceMs = undefined;
    this.look();
  }

  /** Judges anew: a suspicion came or went. */
  look(): void {
    this.#loop.trigger();
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.look();
    await this.#loop.run(signal);
  }

  async #act(signal: AbortSignal): Promise<Requeue | undefined> {
    this.#renew();
    if (this.#verdict.toConfirm.length > 0) {
      await this.#confirm(this.#verdict.toConfirm, signal);
      this.#renew();
    }
    const { nextMs, toConfirm } = this.#verdict;
    const restMs = nextMs - this.#options.clock.monotonicMs();
    if (toConfirm.length > 0) return { requeueAfterMs: CONFIRM_EVERY_MS };
    return Number.isFinite(restMs) ? { requeueAfterMs: Math.max(1, restMs) } : undefined;
  }

  #renew(): void {
    const { onChange, log } = this.#options;
    const before = this.#verdict;
    const now = this.#judge();
    this.#verdict = now;
    for (const name of before.live) if (!now.live.has(name)) log.warn({ node: name }, 'node is suspected');
    for (const name of now.live) if (!before.live.has(name)) log.info({ node: name }, 'node lives');
    if (now.cutOff !== before.cutOff) log.warn({ cutOff: now.cutOff }, 'reach of this node changed');
    const isSame = now.cutOff === before.cutOff && now.live.size === before.live.size;
    if (!isSame || [...now.live].some((name) => !before.live.has(name))) onChange();
  }

  #judge(): Liveness {
    const { self, clock, peers, suspects } = this.#options;
    const verdict = judgeLiveness({
      self,
      nowMs: clock.monotonicMs(),
      observations: this.#observations,
      renewal: this.#renewal,
      reachableSinceMs: this.#reachableSinceMs,
      suspects: new Map([...suspects(), [self, peers.lost]]),
      watchersOf: (name) => watchedBy(name, [...this.#observations.keys()]),
      seenByWatchers: peers.seenByWatchers,
    });
    for (const name of verdict.ranOut)
      this.#observations.set(name, { ...this.#observations.get(name)!, isExpired: true });
    return verdict;
  }

  async #confirm(names: readonly string[], signal: AbortSignal): Promise<void> {
    const { clock, readLeases, log } = this.#options;
    const askedAtMs = clock.monotonicMs();
    try {
      const leases = await readLeases(names, signal);
      const nowMs = clock.monotonicMs();
      for (const lease of leases) {
        const name = nodeOf(lease);
        if (name)
          this.#observations.set(name, confirmed(this.#observations.get(name), seenIn(lease), askedAtMs, nowMs));
      }
    } catch (err) {
      if (signal.aborted) return;
      log.debug({ err }, 'leases not read');
      this.#reachableSinceMs = undefined;
    }
  }
}

/** The node that the Lease belongs to. */
export function nodeOf(lease: Lease): string {
  return lease.spec?.holderIdentity ?? '';
}

function seenIn({ metadata, spec }: Lease): LeaseRecord {
  return { record: `${metadata.uid ?? ''} ${spec?.renewTime ?? ''}`, leaseMs: leaseMsOf(spec?.leaseDurationSeconds) };
}
