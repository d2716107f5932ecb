/**
 * Leader election by a Lease: one replica leads, the others stand by. Every write of the Lease is a compare-and-swap. `leader-step.ts` decides.
 *
 * Candidates watch the Lease instead of polling it: a leader that frees it is replaced at once, and standing by costs no requests.
 *
 * A process that was paused beyond its Lease must send no write: `isLeading()` compares clocks at the call, whatever timers are due. The resourceVersion stops a write
 * that was already sent.
 */
import type { Registry } from 'prom-client';
import { keyFor } from '../../api/meta/object.ts';
import { type Clock, pause, systemClock } from '../../process/clock.ts';
import type { Logger } from '../../process/log.ts';
import { sharedGauge } from '../../process/shared-metric.ts';
import { Reflector } from '../cache/reflector.ts';
import type { KubeClient, KubeWatcher } from '../client.ts';
import { Deadline } from '../deadline.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../errors.ts';
import {
  candidacy,
  freed,
  LEADER_TIMING,
  type LeaderTiming,
  leaseFor,
  type Observation,
  observe,
} from './leader-step.ts';
import { LEASES, type Lease } from './lease.ts';

export interface LeaderOptions {
  readonly client: KubeClient & KubeWatcher;
  /** The Lease. */
  readonly name: string;
  readonly namespace: string;
  /** Differs from every other candidate's: the pod's name, with a random part, since a pod may restart within the Lease. */
  readonly identity: string;
  readonly log: Logger;
  readonly registry?: Registry;
  /** @default {@link LEADER_TIMING} */
  readonly timing?: LeaderTiming;
  readonly clock?: Clock;
}

export interface Leadership {
  /** Call before every write. */
  isLeading(): boolean;
}

/** The work of a leader. It must end soon after `signal` aborts; no other candidate starts before the Lease has expired. */
export type LeaderWork = (signal: AbortSignal, leadership: Leadership) => Promise<void>;

/** A failed try is repeated after this time. */
const RETRY_MS = 500;
/** The time to free the Lease at the end. */
const FREE_WITHIN_MS = 2_000;

/**
 * Stands by, leads, and stands by again, until `signal` aborts or the work ends by itself; then frees the Lease.
 * @throws the error of `work`; the Lease is then free too, and another replica takes over.
 */
export async function runWhileLeader(options: LeaderOptions, signal: AbortSignal, work: LeaderWork): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  const elector = new Elector(options);
  const watching = elector.watch(stop.signal);
  try {
    while (await elector.campaign(stop.signal)) {
      if (await elector.lead(stop.signal, work)) return;
    }
  } finally {
    signal.removeEventListener('abort', end);
    stop.abort(new Error('leader election ends'));
    await watching;
  }
}

class Elector {
  readonly #options: LeaderOptions;
  readonly #timing: LeaderTiming;
  readonly #clock: Clock;
  readonly #reflector: Reflector<Lease>;
  readonly #report: (leading: boolean) => void;
  #observation: Observation | undefined;
  #wake: () => void = () => {};
  /** As last written, while leading. */
  #held: Lease | undefined;
  #renewedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: LeaderOptions) {
    const { client, name, namespace, log, registry } = options;
    this.#options = options;
    this.#timing = options.timing ?? LEADER_TIMING;
    this.#clock = options.clock ?? systemClock;
    this.#reflector = new Reflector({
      client,
      resource: LEASES,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      log,
      clock: this.#clock,
      ...(registry && { registry }),
    });
    this.#reflector.subscribe(() => this.#wake());
    const gauge = registry && sharedGauge(registry, { name: 'skycap_leader', help: '1 while this replica leads.' });
    this.#report = (leading) => gauge?.set(leading ? 1 : 0);
    this.#report(false);
  }

  /** Watches the Lease. */
  watch(signal: AbortSignal): Promise<void> {
    return this.#reflector.run(signal);
  }

  /** @returns true once this candidate has the Lease, false when `signal` aborted. */
  async campaign(signal: AbortSignal): Promise<boolean> {
    await this.#reflector.waitForSync(signal);
    while (!signal.aborted) {
      const lease = this.#reflector.get(keyFor(this.#options.namespace, this.#options.name));
      const nowMs = this.#clock.monotonicMs();
      this.#observation = observe(this.#observation, lease, nowMs);
      const next = candidacy(lease, this.#observation, this.#options.identity, nowMs, this.#timing);
      if (next.kind === 'take' && (await this.#write(lease, signal))) return true;
      await this.#changeOr(next.kind === 'take' ? RETRY_MS : next.ms, signal);
    }
    return false;
  }

  /** @returns true when the work ended by itself, false when `signal` aborted or the Lease could not be kept. */
  async lead(signal: AbortSignal, work: LeaderWork): Promise<boolean> {
    const { log, name } = this.#options;
    const stop = new AbortController();
    const end = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    log.info({ lease: name }, 'leading');
    this.#report(true);
    const leadership = { isLeading: (): boolean => !stop.signal.aborted && this.#msLeft() > 0 };
    const renewing = this.#keep(stop);
    try {
      await work(stop.signal, leadership);
      return !stop.signal.aborted;
    } catch (error) {
      // Work that was told to stop may stop by throwing.
      if (!stop.signal.aborted) throw error;
      return false;
    } finally {
      signal.removeEventListener('abort', end);
      stop.abort(new Error('the work of the leader ended'));
      await renewing;
      this.#report(false);
      log.info({ lease: name, reason: String(stop.signal.reason?.message ?? stop.signal.reason) }, 'no longer leading');
      await this.#free();
    }
  }

  /** Renews until `stop` aborts, and aborts it if no renewal succeeds in time. */
  async #keep(stop: AbortController): Promise<void> {
    let isRenewed = true;
    while (!stop.signal.aborted) {
      const waitMs = isRenewed ? this.#renewedAtMs + this.#timing.renewMs - this.#clock.monotonicMs() : RETRY_MS;
      await pause(Math.max(0, Math.min(waitMs, this.#msLeft())), stop.signal);
      if (stop.signal.aborted) return;
      if (this.#msLeft() <= 0) return stop.abort(new Error('the Lease could not be renewed in time'));
      isRenewed = await this.#write(this.#held, stop.signal);
      if (!isRenewed && !this.#held) stop.abort(new Error('the Lease is no longer ours'));
    }
  }

  #msLeft(): number {
    return this.#renewedAtMs + this.#timing.renewDeadlineMs - this.#clock.monotonicMs();
  }

  /**
   * Takes or renews the Lease. After a loss to another candidate, {@link #held} is empty.
   * @returns whether this candidate has the Lease.
   */
  async #write(lease: Lease | undefined, signal: AbortSignal): Promise<boolean> {
    const { client, name, namespace, identity } = this.#options;
    const wanted = leaseFor(lease, { name, namespace }, identity, this.#clock.nowMs(), this.#timing);
    // The time before the request is the latest that other candidates can assume.
    const sentAtMs = this.#clock.monotonicMs();
    const deadline = new Deadline(this.#held ? Math.max(1, this.#msLeft()) : this.#timing.renewDeadlineMs, signal);
    try {
      const options = { signal: deadline.signal };
      this.#held = lease ? await client.replace(LEASES, wanted, options) : await client.create(LEASES, wanted, options);
      this.#renewedAtMs = sentAtMs;
      return true;
    } catch (error) {
      if (isConflict(error) || isNotFound(error) || isAlreadyExists(error)) await this.#lookAgain(deadline.signal);
      else if (!signal.aborted) this.#options.log.debug({ err: error, lease: name }, 'lease not written');
      return false;
    } finally {
      deadline.dispose();
    }
  }

  /** After a lost race: this candidate may still have the Lease (an answer was lost, or a user edited a label). */
  async #lookAgain(signal: AbortSignal): Promise<void> {
    if (!this.#held) return;
    const { client, name, namespace, identity } = this.#options;
    try {
      const lease = await client.get(LEASES, { name, namespace }, { signal });
      this.#held = lease.spec?.holderIdentity === identity ? lease : undefined;
    } catch (error) {
      if (isNotFound(error)) this.#held = undefined;
    }
  }

  async #free(): Promise<void> {
    const { client, log, name } = this.#options;
    const signal = AbortSignal.timeout(FREE_WITHIN_MS);
    this.#renewedAtMs = Number.NEGATIVE_INFINITY;
    while (this.#held) {
      try {
        await client.replace(LEASES, freed(this.#held, this.#clock.nowMs()), { signal });
        this.#held = undefined;
      } catch (err) {
        // A renewal that was aborted may be stored all the same.
        if (isConflict(err)) {
          await this.#lookAgain(signal);
        } else {
          log.debug({ err, lease: name }, 'lease not freed, it will run out');
          this.#held = undefined;
        }
      }
    }
  }

  async #changeOr(ms: number, signal: AbortSignal): Promise<void> {
    const changed = new AbortController();
    const wake = (): void => changed.abort();
    this.#wake = wake;
    signal.addEventListener('abort', wake, { once: true });
    await pause(ms, changed.signal);
    signal.removeEventListener('abort', wake);
    this.#wake = () => {};
  }
}
