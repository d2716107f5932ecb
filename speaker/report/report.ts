/**
 * Reports the state of BIRD's sessions and of the loop in the node's Speaker object, the metrics and the log.
 *
 * {@link LevelLoop} calls the reporter after each event and, at rest, now and then. The reporter writes the object on change only, and at most once a second, so
 * that a flood of Services causes no flood of writes.
 *
 * Every Service changes the counts on every node. A write of counts alone therefore waits for a random time that grows with the number of nodes, so that the writes of
 * all nodes spread: with three nodes the wait is not noticeable, with 5,000 it takes up to 100 seconds.
 */
import { isPortInUse } from '../../lib/api/bgp/port-in-use.ts';
import type { SpeakerSession } from '../../lib/api/skycap/speaker-types.ts';
import type { Finding } from '../../lib/preflight/finding.ts';
import { pause } from '../../lib/process/clock.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { Requeue } from '../../lib/process/loop/level-loop.ts';
import type { BfdPorts } from '../bird/bfd-ports.ts';
import type { BusyPort } from '../bird/busy-port.ts';
import { BirdCommandError, type BirdControl, BirdUnreachableError } from '../bird/control.ts';
import { parseBfdSessions } from '../bird/session/bfd-sessions.ts';
import { identityOf, parseProtocols, type SessionIdentity, sessionReports } from '../bird/session/sessions.ts';
import type { NodeSegments } from '../cluster/node-segments.ts';
import type { Layer2State } from '../l2/layer2.ts';
import type { SpeakerMetrics } from '../metrics.ts';
import type { LoopState } from './loop-state.ts';
import { type SeenSessions, SessionMeter } from './session-meter.ts';
import { isUrgent, isWorthWriting, type ReportedStatus, type SpeakerStatus, speakerStatus } from './status.ts';

/** The store of the status; `speaker-object.ts` implements it. */
export interface StatusStore {
  /** `status` is known. */
  readonly synced: boolean;
  /** The status in the object; undefined without an object. */
  readonly status: SpeakerStatus | undefined;
  write(status: ReportedStatus, signal: AbortSignal): Promise<void>;
  /** The number of Speakers. */
  fleetSize(signal: AbortSignal): Promise<number>;
}

export interface ReporterOptions {
  readonly loopState: () => LoopState | undefined;
  readonly control: Pick<BirdControl, 'command' | 'version'>;
  readonly store: StatusStore;
  readonly busyPort: Pick<BusyPort, 'look'>;
  /** Called for each session that waits for a port of another process. */
  readonly onPortInUse: (session: SpeakerSession) => void;
  readonly bfdPorts: Pick<BfdPorts, 'look'>;
  /** Called for each BgpPeer with BFD while another process has a port of BFD. */
  readonly onBfdPortInUse: (peer: string, message: string) => void;
  /** The AS number that the router of a BgpPeer sent, if BIRD refused it. @default none is known */
  readonly routerAs?: (peer: string) => number | undefined;
  /** The kinds of objects whose watch is silent. */
  readonly silent: () => readonly string[];
  readonly layer2: () => Layer2State | undefined;
  /** See `KnownEips`. @default none */
  readonly formerEips?: () => readonly string[];
  /** @default none */
  readonly segments?: () => NodeSegments;
  /** Of the preflight of the node. @default none */
  readonly findings?: () => readonly Finding[];
  readonly metrics: SpeakerMetrics;
  readonly log: Logger;
  readonly skycapVersion: string;
  readonly nowMs: () => number;
  /** By a clock that never jumps. */
  readonly monotonicMs: () => number;
  /** @default Math.random */
  readonly random?: () => number;
}

/** BIRD exports a route a moment after it took the configuration. */
const SETTLE_MS = 100;
const WRITE_AT_MOST_EVERY_MS = 1_000;
/** The rate of writes of counts alone, of all nodes together. */
const COUNT_WRITES_PER_SECOND = 50;
/** After a write the reporter looks once more, for changes after the event. */
const LOOK_AGAIN_MS = 2_000;
/** The interval of looks at rest, for changes without an event, such as the reason why a session does not come up. */
const REST_MS = 15_000;
/** The interval of looks while another process has a port that BIRD needs. */
const PORT_IN_USE_MS = 2_000;

export class Reporter {
  readonly #options: ReporterOptions;
  readonly #meter: SessionMeter;
  #isPortInUse = false;
  /** When changed counts are due to be written. */
  #countsDueMs: number | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#meter = new SessionMeter(options.metrics, options.log);
  }

  async act(signal: AbortSignal): Promise<Requeue> {
    const again = await this.#report(signal);
    const requeueAfterMs = Math.min(
      again.requeueAfterMs,
      this.#isPortInUse ? PORT_IN_USE_MS : Number.POSITIVE_INFINITY,
    );
    return { requeueAfterMs };
  }

  async #report(signal: AbortSignal): Promise<Requeue> {
    const { loopState, store, metrics, layer2 } = this.#options;
    await pause(SETTLE_MS, signal);
    const state = loopState();
    if (!state || !store.synced) return { requeueAfterMs: REST_MS };
    const sessions = await this.#sessions(state, signal);
    if (!sessions) this.#meter.unknown();
    metrics.birdUp.set(sessions ? 1 : 0);
    metrics.layer2InConflict.set(new Set(layer2()?.conflicts.map(({ address }) => address)).size);
    const bfdPorts = sessions && (await this.#bfdPorts(state, signal));
    const status = this.#status(state, sessions, bfdPorts);
    if (!isWorthWriting(store.status, status)) {
      this.#countsDueMs = undefined;
      return { requeueAfterMs: REST_MS };
    }
    if (!isUrgent(store.status, status)) {
      const waitMs = await this.#waitMs(signal);
      if (waitMs > 0) return { requeueAfterMs: Math.min(waitMs, REST_MS) };
    }
    this.#countsDueMs = undefined;
    await store.write(status, signal);
    metrics.statusWrites.inc();
    await pause(WRITE_AT_MOST_EVERY_MS, signal);
    return { requeueAfterMs: LOOK_AGAIN_MS };
  }

  /** The remaining wait of changed counts. */
  async #waitMs(signal: AbortSignal): Promise<number> {
    const { store, monotonicMs, random = Math.random } = this.#options;
    this.#countsDueMs ??= monotonicMs() + ((await store.fleetSize(signal)) / COUNT_WRITES_PER_SECOND) * 1000 * random();
    return this.#countsDueMs - monotonicMs();
  }

  #status(
    { planned, outcome }: LoopState,
    sessions: readonly SpeakerSession[] | undefined,
    bfdPorts: readonly string[] | undefined,
  ): ReportedStatus {
    const { control, skycapVersion, nowMs, store, silent, layer2, segments, formerEips, findings } = this.#options;
    const bird = control.version?.text ?? store.status?.versions?.bird;
    return speakerStatus({
      planned,
      outcome,
      sessions,
      silent: silent(),
      layer2: layer2(),
      ...(bfdPorts && { bfdPorts }),
      ...(formerEips && { formerEips: formerEips() }),
      ...(segments && { segments: segments() }),
      ...(findings && { findings: findings() }),
      versions: { skycap: skycapVersion, ...(bird && { bird }) },
      former: store.status,
      now: `${new Date(nowMs()).toISOString().slice(0, 19)}Z`,
    });
  }

  /** @returns undefined if BIRD does not answer. */
  async #sessions(state: LoopState, signal: AbortSignal): Promise<readonly SpeakerSession[] | undefined> {
    try {
      const reports = parseProtocols(await this.#options.control.command('show protocols all', signal));
      const sessions = this.#identities(state).flatMap((identity) =>
        sessionReports(
          { ...identity, routerAs: this.#options.routerAs?.(identity.peer) },
          reports,
          this.#options.nowMs(),
        ),
      );
      const seen = await this.#withBusyPort(state, sessions, signal);
      this.#meter.note({ sessions: seen, reports, ...(await this.#bfd(state, signal)) });
      return seen;
    } catch (error) {
      if (error instanceof BirdUnreachableError && !signal.aborted) return undefined;
      throw error;
    }
  }

  async #bfd({ plan }: LoopState, signal: AbortSignal): Promise<Pick<SeenSessions, 'bfdPeers' | 'bfdStates'>> {
    const peers = (plan?.plan.bgp.sessions ?? []).flatMap(({ peer, bfd }) => (bfd ? [peer] : []));
    const bfdPeers = new Set(peers);
    if (bfdPeers.size === 0) return { bfdPeers, bfdStates: new Map() };
    const reply = await this.#options.control.command('show bfd sessions', signal).catch((error: unknown) => {
      // "There is no BFD protocol running": not configured yet.
      if (error instanceof BirdCommandError) return undefined;
      throw error;
    });
    return { bfdPeers, bfdStates: reply ? parseBfdSessions(reply) : new Map() };
  }

  async #withBusyPort(
    { plan }: LoopState,
    sessions: readonly SpeakerSession[],
    signal: AbortSignal,
  ): Promise<readonly SpeakerSession[]> {
    if (!plan) return sessions;
    const { busyPort, onPortInUse, metrics } = this.#options;
    const seen = await busyPort.look(sessions, plan.plan.bgp.listenPort, signal);
    const waiting = seen.filter(({ lastError }) => isPortInUse(lastError));
    // A session that BIRD has just retried needs another look too.
    this.#isPortInUse = waiting.length > 0 || seen !== sessions;
    metrics.portInUse.set({ protocol: 'bgp' }, waiting.length > 0 ? 1 : 0);
    for (const session of waiting) onPortInUse(session);
    return seen;
  }

  /** @returns a message for each port of BFD that another process has; undefined while BFD is not in use. */
  async #bfdPorts({ plan }: LoopState, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const { bfdPorts, onBfdPortInUse, metrics } = this.#options;
    const peers = plan?.plan.bgp.sessions.filter(({ bfd }) => bfd) ?? [];
    const isInUse = peers.length > 0 || (plan?.plan.bfd.length ?? 0) > 0;
    const messages = isInUse ? await bfdPorts.look(signal) : undefined;
    metrics.portInUse.set({ protocol: 'bfd' }, messages && messages.length > 0 ? 1 : 0);
    if (!messages || messages.length === 0) return messages;
    this.#isPortInUse = true;
    for (const { peer } of peers) onBfdPortInUse(peer, messages.join('; '));
    return messages;
  }

  /** On hold since the start there is no plan: then the sessions of the last report count, one for each BgpPeer. */
  #identities({ plan }: LoopState): readonly SessionIdentity[] {
    if (plan) return plan.plan.bgp.sessions.map(identityOf);
    const reported = this.#options.store.status?.sessions ?? [];
    return [...new Map(reported.map((session) => [session.peer, session])).values()];
  }
}
