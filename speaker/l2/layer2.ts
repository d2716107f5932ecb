/**
 * Layer 2 on this node: begins when there is an Eip that asks for it, ends with the last one, and hands over when the process is told to stop.
 */
import type { Registry } from 'prom-client';
import type { Node } from '../../lib/api/service/service.ts';
import type { Layer2Conflict } from '../../lib/api/skycap/speaker-types.ts';
import type { Followed } from '../../lib/kube/cache/cache-check.ts';
import type { KubeClient, KubeWatcher } from '../../lib/kube/client.ts';
import { EventRecorder } from '../../lib/kube/events/events.ts';
import { formatAddress } from '../../lib/net/address.ts';
import { type Clock, pause } from '../../lib/process/clock.ts';
import type { Logger } from '../../lib/process/log.ts';
import { LevelLoop, type Requeue } from '../../lib/process/loop/level-loop.ts';
import { WorkBudget } from '../../lib/process/loop/work-budget.ts';
import type { Snapshot } from '../cluster/snapshot.ts';
import type { SpeakerMetrics } from '../metrics.ts';
import { AddressProber } from './address-prober.ts';
import { ConflictWatch } from './conflicts/conflict-watch.ts';
import type { OtherOwner } from './link/link.ts';
import type { ResponderListener, ResponderPort } from './link/responder-port.ts';
import { Contested } from './ownership/contested.ts';
import { interfacesWith } from './ownership/interfaces-with.ts';
import { Layer2AddressIndex, usesLayer2 } from './ownership/layer2-addresses.ts';
import {
  EMPTY_REPORT,
  type Layer2Report,
  Layer2StatusWriter,
  type Layer2Store,
  readReport,
} from './ownership/layer2-status-writer.ts';
import { OwnershipLoop } from './ownership-loop.ts';
import { OwnershipReporter } from './ownership-reporter.ts';
import { Fleet } from './peers/fleet.ts';
import { LeaseKeeper } from './peers/lease-keeper.ts';
import { livenessTiming } from './peers/liveness.ts';
import { LivenessWatch } from './peers/liveness-watch.ts';
import type { PeerWatchListener, PeerWatchPort } from './peers/peer-watch-port.ts';

export interface Layer2Options {
  readonly nodeName: string;
  /** Of the Leases. */
  readonly namespace: string;
  /** Unlike that of any other speaker; shown in Events. */
  readonly podName: string;
  readonly client: KubeClient & KubeWatcher;
  /** @returns undefined while a store is not synced. */
  readonly snapshot: () => Snapshot | undefined;
  /** Its Eips alone: asked at every change, in clusters without layer 2 too. */
  readonly eips: () => Snapshot['eips'] | undefined;
  readonly node: () => Node | undefined;
  readonly store: Layer2Store;
  /** Both tell this object of changes. */
  readonly responder: ResponderPort;
  readonly peers: PeerWatchPort;
  /** The report has something new to say. */
  readonly onState: () => void;
  readonly metrics: SpeakerMetrics;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
}

/** For the Speaker's condition. */
export interface Layer2State {
  /** The thread that answers has told of no link for longer than that takes: nothing is answered for. */
  readonly isMute: boolean;
  /** Names of Eips. */
  readonly unable: readonly string[];
  /** Machines that have an address of ours. */
  readonly conflicts: readonly Layer2Conflict[];
}

/** What others have not taken over within this is given up: whoever would is not there. */
const HAND_OVER_MS = 10_000;
const HAND_OVER_LOOK_MS = 20;
const REFRESH_EVERY_MS = 1_000;
/** With thousands of addresses a burst of changes takes a third of a core at most; with a few hundred nobody rests. */
const BUDGET = { share: 1 / 3, burstMs: 20, longestRestMs: 50 };
/** For others to hear that this node ends, where it has nothing to hand over. */
const WORD_MS = 1_000;
/** The thread tells of the links at once, if it may open packet sockets. */
const LINKS_KNOWN_WITHIN_MS = 5_000;
/** BGP does not wait longer for layer 2. */
const WATCH_KNOWN_WITHIN_MS = 10_000;

interface Running {
  readonly begunMs: number;
  readonly ownershipLoop: OwnershipLoop;
  readonly fleet: Fleet;
  readonly liveness: LivenessWatch;
  readonly keeper: LeaseKeeper;
  readonly stop: AbortController;
  readonly ended: Promise<unknown>;
}

export class Layer2 implements ResponderListener, PeerWatchListener {
  readonly #options: Layer2Options;
  readonly #startedMs: number;
  readonly #ownershipReporter: OwnershipReporter;
  readonly #conflicts: ConflictWatch;
  readonly #loop: LevelLoop;
  readonly #statusWriter: Layer2StatusWriter;
  readonly #budget = new WorkBudget(BUDGET);
  /** Undefined until there was a snapshot. */
  #isInUse: boolean | undefined;
  #running: Running | undefined;
  #addresses = new Layer2AddressIndex();
  #hasLinks = false;
  #hasPublished = false;
  #isStopping = false;
  #reported = '';
  readonly #contested: Contested;
  #refreshedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: Layer2Options) {
    this.#startedMs = options.clock.monotonicMs();
    const { nodeName, client, store, metrics, registry, clock, log, podName } = options;
    this.#options = options;
    const events = new EventRecorder({ client, controller: 'skycap-speaker', instance: podName, log, registry, clock });
    this.#ownershipReporter = new OwnershipReporter({ nodeName, events, metrics, log });
    this.#contested = new Contested(nodeName);
    this.#conflicts = new ConflictWatch({
      nodeName,
      responder: options.responder,
      speakers: () => this.#running?.fleet.speakers() ?? [],
      places: (text) =>
        (this.#running?.ownershipLoop.said?.addresses ?? []).flatMap((one) =>
          one.address === text ? [one.interface] : [],
        ),
      isOutOfTouch: () => this.#running?.liveness.verdict.isOverdue ?? false,
      interfacesWith,
      events,
      metrics,
      clock,
      log,
    });
    this.#loop = new LevelLoop({ name: 'layer 2', act: (signal) => this.#act(signal), log });
    this.#statusWriter = new Layer2StatusWriter({
      store,
      said: () => this.#said(),
      onPublished: () => this.#onPublished(),
      log,
    });
  }

  /** Undefined while layer 2 is not in use. */
  get state(): Layer2State | undefined {
    const running = this.#running;
    const said = running?.ownershipLoop.said;
    const isMute = running !== undefined && this.#isMute(running);
    if (!said && !isMute) return undefined;
    return { isMute, unable: said?.unable ?? [], conflicts: this.#conflicts.conflicts };
  }

  /**
   * Who watches whom is known, or not asked for. Before that BIRD keeps what it has: a speaker that is started again must not end sessions that others
   * take for a sign of life.
   */
  get isWatchKnown(): boolean {
    if (this.#isInUse === false || this.#options.clock.monotonicMs() - this.#startedMs > WATCH_KNOWN_WITHIN_MS)
      return true;
    return this.#running?.ownershipLoop.said !== undefined;
  }

  /** What is followed beside the speaker's other sources. */
  get caches(): Readonly<Record<string, Followed>> {
    return this.#running?.fleet.caches ?? {};
  }

  /** To be called for every change of a Service or of one of its EndpointSlices. */
  serviceChanged(serviceKey: string): void {
    this.#addresses.changed(serviceKey);
  }

  /** Something is different that is decided by. */
  trigger(): void {
    this.#loop.trigger();
  }

  /** The Speaker object is known, or is another than was written. */
  triggerReport(): void {
    this.#statusWriter.trigger();
    this.trigger();
  }

  onLinks(): void {
    this.#hasLinks = true;
    this.trigger();
  }

  /** Who is lost, or whether anybody sees this node. */
  onChange(): void {
    this.#running?.liveness.look();
    this.trigger();
  }

  onConflict(other: OtherOwner): void {
    const { clock, log } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#conflicts.heard(other);
    const running = this.#running;
    if (running?.liveness.verdict.isOverdue) {
      this.#contested.heard(formatAddress(other.address), this.#conflicts.nodeOf(other.mac)?.name, nowMs);
    }
    this.trigger();
    if (!running || nowMs - this.#refreshedAtMs < REFRESH_EVERY_MS) return;
    this.#refreshedAtMs = nowMs;
    // It may be another node of ours, of which no watch has told.
    running.fleet.refresh(running.stop.signal).catch((err: unknown) => log.debug({ err }, 'speakers not read'));
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#loop.run(signal), this.#statusWriter.run(signal)]);
    this.#running?.stop.abort(signal.reason);
    await this.#running?.ended;
  }

  /** Says that this node ends, and hands over what it has: resolves when others have it, or nobody can take it, or the time is over. {@link run} must go on meanwhile. */
  async leave(): Promise<void> {
    const { clock, log, store } = this.#options;
    this.#isStopping = true;
    const running = this.#running;
    const startedMs = clock.monotonicMs();
    const pastMs = () => clock.monotonicMs() - startedMs;
    const isHeard = () => readReport(store.status).stopping || pastMs() > WORD_MS;
    const isDone = () => (running?.ownershipLoop.isFree ?? true) && isHeard();
    const never = new AbortController().signal;
    running?.ownershipLoop.stop();
    this.#statusWriter.trigger();
    this.trigger();
    while (!isDone() && pastMs() < HAND_OVER_MS) await pause(HAND_OVER_LOOK_MS, never);
    if (!running) return;
    log.info({ free: running.ownershipLoop.isFree, durationMs: Math.round(pastMs()) }, 'handed over');
    await this.#options.responder.answerFor([]);
  }

  async #act(signal: AbortSignal): Promise<Requeue | undefined> {
    const { eips, store } = this.#options;
    const now = eips();
    if (!now) return undefined;
    this.#isInUse = usesLayer2(now);
    if (this.#isInUse && !store.synced) return undefined;
    const again = this.#isInUse ? await this.#takePart(signal) : await this.#stayOut(signal);
    this.#report();
    return this.isWatchKnown || again ? again : { requeueAfterMs: WATCH_KNOWN_WITHIN_MS };
  }

  async #takePart(signal: AbortSignal): Promise<Requeue | undefined> {
    const running = this.#running ?? this.#begin(signal);
    this.#running = running;
    if (!this.#hasLinks) return { requeueAfterMs: LINKS_KNOWN_WITHIN_MS };
    const startedMs = performance.now();
    const snapshot = this.#options.snapshot();
    const again = snapshot && sooner(await running.ownershipLoop.act(snapshot, signal), this.#conflicts.act(signal));
    const endedMs = performance.now();
    await pause(this.#budget.spent(endedMs - startedMs, endedMs), signal);
    return again;
  }

  #isMute({ begunMs }: Running): boolean {
    return !this.#hasLinks && this.#options.clock.monotonicMs() - begunMs >= LINKS_KNOWN_WITHIN_MS;
  }

  async #stayOut(signal: AbortSignal): Promise<undefined> {
    if (this.#running) await this.#end(this.#running, signal);
    // A speaker that was away meanwhile may have said something.
    else if (!this.#hasPublished) this.#statusWriter.trigger();
  }

  #report(): void {
    const state = JSON.stringify([this.state, this.isWatchKnown]);
    if (state !== this.#reported) this.#options.onState();
    this.#reported = state;
  }

  #begin(signal: AbortSignal): Running {
    const { client, namespace, nodeName, node, clock, log, registry } = this.#options;
    log.info('layer 2 begins');
    this.#addresses = new Layer2AddressIndex();
    this.#conflicts.begin(this.#options.store.status?.layer2Conflicts ?? []);
    this.#options.responder.start();
    const stop = new AbortController();
    const onEnd = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', onEnd, { once: true });
    const onChange = (): void => this.trigger();
    const fleet: Fleet = new Fleet({
      client,
      namespace,
      log,
      registry,
      onChange: () => {
        liveness.look();
        this.trigger();
      },
      onLease: (name, lease) => liveness.saw(name, lease),
    });
    const liveness = new LivenessWatch({
      self: nodeName,
      clock,
      peers: this.#options.peers,
      suspects: () => suspectsIn(fleet),
      readLeases: (names, until) => fleet.readLeases(names, until),
      onChange,
      log,
    });
    const keeper = new LeaseKeeper({
      client,
      namespace,
      nodeName,
      nodeUid: () => node()?.metadata.uid,
      timing: () => livenessTiming(liveness.members.length),
      // What it gave up while it was cut off, its object still has; of two who say that they have an address one lets go.
      beforeRenewal: async (until) => {
        if (liveness.verdict.cutOff) await this.#statusWriter.publish(until);
      },
      onRenewed: (renewal) => {
        liveness.renewed(renewal);
        if (this.#contested.texts.size > 0) this.trigger();
        this.#contested.clear();
      },
      onFailed: () => liveness.failed(),
      clock,
      log,
    });
    const prober = new AddressProber({ responder: this.#options.responder, onChange, clock, log });
    const ownershipLoop = new OwnershipLoop({
      nodeName,
      fleet,
      liveness,
      peers: this.#options.peers,
      responder: this.#options.responder,
      prober,
      addresses: (snapshot) => this.#addresses.addresses(snapshot),
      contested: () => this.#contested.texts,
      onSaid: () => this.#statusWriter.trigger(),
      onDecided: (decisions, wanted) => {
        this.#ownershipReporter.decided(decisions, wanted);
        this.#conflicts.decided(decisions, wanted, (text) => prober.whoAnswered(text));
      },
      clock,
      log,
    });
    if (this.#isStopping) ownershipLoop.stop();
    this.#hasPublished = false;
    const ended = Promise.all([fleet.run(stop.signal), liveness.run(stop.signal)]).finally(() =>
      signal.removeEventListener('abort', onEnd),
    );
    return { begunMs: clock.monotonicMs(), ownershipLoop, fleet, liveness, keeper, stop, ended };
  }

  /** The last Eip of layer 2 is gone. */
  async #end(running: Running, signal: AbortSignal): Promise<void> {
    const { log, metrics } = this.#options;
    log.info('layer 2 ends');
    this.#running = undefined;
    this.#conflicts.end();
    running.stop.abort(new Error('no Eip asks for layer 2'));
    await this.#options.responder.answerFor([]);
    this.#options.peers.watch([]);
    metrics.layer2Addresses.set(0);
    this.#statusWriter.trigger();
    await running.ended;
    void running.keeper.remove(signal);
  }

  /** What the object says stays until something is known. */
  #said(): Layer2Report {
    const { store } = this.#options;
    if (this.#isInUse === false) return { ...EMPTY_REPORT, stopping: this.#isStopping };
    return this.#running?.ownershipLoop.said ?? readReport(store.status);
  }

  /** Only from then on this node may be taken for one that lives: others would believe what its object said before. */
  #onPublished(): void {
    const running = this.#running;
    const isKnown = running ? running.ownershipLoop.said !== undefined : this.#isInUse === false;
    if (this.#hasPublished || !isKnown) return;
    this.#hasPublished = true;
    if (running) void running.keeper.run(running.stop.signal);
  }
}

function sooner(a: Requeue | undefined, b: Requeue | undefined): Requeue | undefined {
  return a && b ? { requeueAfterMs: Math.min(a.requeueAfterMs, b.requeueAfterMs) } : (a ?? b);
}

function suspectsIn(fleet: Fleet): Map<string, ReadonlySet<string>> {
  return new Map(
    fleet.speakers().map(({ metadata, status }) => [metadata.name ?? '', new Set(readReport(status).suspects)]),
  );
}
