/**
 * Layer 2 on this node, and the other nodes as BGP may need to know them. It begins with the first Eip of layer 2 (or with `needsOthers`) and ends with the
 * last one. When the process is told to stop, it hands all addresses over.
 */
import type { Layer2Conflict } from '../../lib/api/skycap/speaker-types.ts';
import type { FleetView } from '../../lib/bgp/other-nodes.ts';
import type { Followed } from '../../lib/kube/cache/cache-check.ts';
import { EventRecorder } from '../../lib/kube/events/events.ts';
import { usesLayer2 } from '../../lib/layer2/layer2-candidate.ts';
import { formatAddress } from '../../lib/net/address.ts';
import { pause } from '../../lib/process/clock.ts';
import { LevelLoop, type Requeue } from '../../lib/process/loop/level-loop.ts';
import { WorkBudget } from '../../lib/process/loop/work-budget.ts';
import type { Snapshot } from '../../lib/snapshot/snapshot.ts';
import { ConflictWatch } from './conflicts/conflict-watch.ts';
import type { Layer2Options } from './layer2-options.ts';
import { Layer2Term } from './layer2-term.ts';
import type { OtherOwner } from './link/link.ts';
import type { ResponderListener } from './link/responder-port.ts';
import { interfacesWith } from './ownership/interfaces-with.ts';
import { Layer2AddressIndex } from './ownership/layer2-addresses.ts';
import { EMPTY_REPORT, type Layer2Report, Layer2StatusWriter, readReport } from './ownership/layer2-status-writer.ts';
import { PartitionConflicts } from './ownership/partition-conflicts.ts';
import { OwnershipReporter } from './ownership-reporter.ts';
import type { PeerWatchListener } from './peers/peer-watch-port.ts';

/** For the conditions of the Speaker object. */
export interface Layer2State {
  /** The responder's thread has reported no links in time, so this node answers for no address. */
  readonly isMute: boolean;
  /** Names of the Eips that this node has no interface for. */
  readonly unable: readonly string[];
  /** Machines that use an address that this node answers for. */
  readonly conflicts: readonly Layer2Conflict[];
}

/** Addresses that no other node has taken over by then are released all the same. */
const HAND_OVER_MS = 10_000;
const HAND_OVER_LOOK_MS = 20;
const REFRESH_EVERY_MS = 1_000;
/** With thousands of addresses a burst of changes takes a third of a core at most; with a few hundred the loop never rests. */
const BUDGET = { share: 1 / 3, burstMs: 20, longestRestMs: 50 };
/** Other nodes learn within this time that this node ends, if it has no address to hand over. */
const NOTICE_MS = 1_000;
/** The responder's thread reports the links at once, if it may open packet sockets. */
const LINKS_KNOWN_WITHIN_MS = 5_000;
/** BGP does not wait longer for layer 2. */
const WATCH_KNOWN_WITHIN_MS = 10_000;

export class Layer2 implements ResponderListener, PeerWatchListener {
  readonly #options: Layer2Options;
  readonly #startedMs: number;
  readonly #ownershipReporter: OwnershipReporter;
  readonly #conflicts: ConflictWatch;
  readonly #loop: LevelLoop;
  readonly #statusWriter: Layer2StatusWriter;
  readonly #budget = new WorkBudget(BUDGET);
  /** The nodes know of each other, for layer 2 or for BGP. Undefined until there was a snapshot. */
  #isInUse: boolean | undefined;
  /** An Eip asks for layer 2. */
  #hasEips = false;
  /** BGP asks for {@link others}. */
  #isNeeded = false;
  #term: Layer2Term | undefined;
  #addresses = new Layer2AddressIndex();
  #hasLinks = false;
  #respondsSinceMs: number | undefined;
  #hasPublished = false;
  #isStopping = false;
  /** The state that `onState` has told of. */
  #notified = '';
  readonly #partitionConflicts: PartitionConflicts;
  #refreshedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: Layer2Options) {
    this.#startedMs = options.clock.monotonicMs();
    const { nodeName, client, store, metrics, registry, clock, log, podName } = options;
    this.#options = options;
    const events = new EventRecorder({ client, controller: 'skycap-speaker', instance: podName, log, registry, clock });
    this.#ownershipReporter = new OwnershipReporter({ nodeName, events, metrics, log });
    this.#partitionConflicts = new PartitionConflicts(nodeName);
    this.#conflicts = new ConflictWatch({
      nodeName,
      responder: options.responder,
      speakers: () => this.#term?.fleet.speakers() ?? [],
      interfacesAnswering: (text) =>
        (this.#report?.addresses ?? []).flatMap((one) => (one.address === text ? [one.interface] : [])),
      isPartitioned: () => this.#isPartitioned,
      interfacesWith,
      events,
      metrics,
      clock,
      log,
    });
    this.#loop = new LevelLoop({ name: 'layer 2', act: (signal) => this.#act(signal), log });
    this.#statusWriter = new Layer2StatusWriter({
      store,
      report: () => this.#reportToPublish(),
      onPublished: () => this.#onPublished(),
      log,
    });
  }

  /** Undefined while layer 2 is not in use. */
  get state(): Layer2State | undefined {
    const term = this.#hasEips ? this.#term : undefined;
    if (!term || (!this.#report && !this.#isMute)) return undefined;
    return { isMute: this.#isMute, unable: this.#report?.unable ?? [], conflicts: this.#conflicts.conflicts };
  }

  /**
   * The nodes that this node watches by BFD are known, or layer 2 is not in use. Until then BIRD keeps its configuration: a speaker that has restarted must
   * not end the BFD sessions by which other nodes know that this node lives.
   */
  get isWatchKnown(): boolean {
    if (this.#isInUse === false || this.#options.clock.monotonicMs() - this.#startedMs > WATCH_KNOWN_WITHIN_MS)
      return true;
    return this.#report !== undefined;
  }

  /** The nodes that live, and the objects of all. Undefined while they are not known, and while nobody asks for them. */
  get others(): FleetView | undefined {
    const { fleet, liveness } = this.#term ?? {};
    if (!fleet?.synced || !liveness) return undefined;
    return { speakers: fleet.speakers(), node: (name) => fleet.node(name), live: liveness.verdict.live };
  }

  /** The caches of layer 2, beside the speaker's others. */
  get caches(): Readonly<Record<string, Followed>> {
    return this.#term?.fleet.caches ?? {};
  }

  /** Call this for every change of a Service or of one of its EndpointSlices. */
  changed(serviceKey: string): void {
    this.#addresses.changed(serviceKey);
  }

  /** An input of the decisions has changed. */
  trigger(): void {
    this.#loop.trigger();
  }

  /** The Speaker object is known now, or has changed. */
  triggerReport(): void {
    this.#statusWriter.trigger();
    this.trigger();
  }

  onLinks(): void {
    this.#hasLinks = true;
    this.trigger();
  }

  /** A BFD session has changed: of a node that this node watches, or of one that watches this node. */
  onChange(): void {
    this.#term?.liveness.look();
    this.trigger();
  }

  onConflict(other: OtherOwner): void {
    const { clock, log } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#conflicts.heard(other);
    if (this.#isPartitioned) {
      this.#partitionConflicts.heard(formatAddress(other.address), this.#conflicts.nodeOf(other.mac)?.name, nowMs);
    }
    this.trigger();
    if (!this.#term || nowMs - this.#refreshedAtMs < REFRESH_EVERY_MS) return;
    this.#refreshedAtMs = nowMs;
    // The machine may be a node of this cluster whose new report the watch has not delivered.
    this.#term.refreshFleet().catch((err: unknown) => log.debug({ err }, 'speakers not read'));
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#loop.run(signal), this.#statusWriter.run(signal)]);
    await this.#term?.end(signal.reason);
  }

  /**
   * Reports that this node ends, and hands its addresses over. Resolves when other nodes have them, when no other node can take them, or after
   * {@link HAND_OVER_MS}. {@link run} must go on meanwhile.
   */
  async leave(): Promise<void> {
    const { clock, log, store } = this.#options;
    this.#isStopping = true;
    const loop = this.#term?.ownershipLoop;
    const startedMs = clock.monotonicMs();
    const pastMs = () => clock.monotonicMs() - startedMs;
    const isReported = () => readReport(store.status).stopping || pastMs() > NOTICE_MS;
    const isDone = () => (loop?.isFree ?? true) && isReported();
    const never = new AbortController().signal;
    loop?.stop();
    this.#statusWriter.trigger();
    this.trigger();
    while (!isDone() && pastMs() < HAND_OVER_MS) await pause(HAND_OVER_LOOK_MS, never);
    if (!loop) return;
    log.info({ free: loop.isFree, durationMs: Math.round(pastMs()) }, 'handed over');
    await this.#options.responder.answerFor([]);
  }

  get #report(): Layer2Report | undefined {
    return this.#term?.ownershipLoop.report;
  }

  /** The API server has not answered for the time of a Lease: other nodes may have taken over, and this node can't read that. */
  get #isPartitioned(): boolean {
    return this.#term?.liveness.verdict.isOverdue ?? false;
  }

  async #act(signal: AbortSignal): Promise<Requeue | undefined> {
    const { eips, store } = this.#options;
    const now = eips();
    if (!now) return undefined;
    this.#hasEips = usesLayer2(now);
    this.#isNeeded = this.#options.needsOthers();
    this.#isInUse = this.#hasEips || this.#isNeeded;
    if (this.#isInUse && !store.synced) return undefined;
    const again = this.#isInUse ? await this.#takePart(now, signal) : await this.#stayOut(signal);
    this.#notifyOfState();
    return this.isWatchKnown || again ? again : { requeueAfterMs: WATCH_KNOWN_WITHIN_MS };
  }

  async #takePart(eips: Snapshot['eips'], signal: AbortSignal): Promise<Requeue | undefined> {
    this.#term ??= this.#begin(signal);
    if (this.#hasEips) this.#startResponder();
    if (this.#hasEips && !this.#hasLinks) return { requeueAfterMs: LINKS_KNOWN_WITHIN_MS };
    const { ownershipLoop } = this.#term;
    const startedMs = performance.now();
    const snapshot = this.#options.snapshot();
    // With `layer2` off, the Eips of layer 2 in the snapshot don't count.
    const again =
      snapshot && sooner(await ownershipLoop.act({ ...snapshot, eips }, signal), this.#conflicts.act(signal));
    const endedMs = performance.now();
    await pause(this.#budget.spent(endedMs - startedMs, endedMs), signal);
    return again;
  }

  /** BGP needs no raw sockets. */
  #startResponder(): void {
    this.#respondsSinceMs ??= this.#options.clock.monotonicMs();
    this.#options.responder.start();
  }

  get #isMute(): boolean {
    const { clock } = this.#options;
    return !this.#hasLinks && clock.monotonicMs() - (this.#respondsSinceMs ?? Infinity) >= LINKS_KNOWN_WITHIN_MS;
  }

  async #stayOut(signal: AbortSignal): Promise<undefined> {
    if (this.#term) await this.#end(this.#term, signal);
    // The Speaker object may have a report from before this process.
    else if (!this.#hasPublished) this.#statusWriter.trigger();
  }

  #notifyOfState(): void {
    const state = JSON.stringify([this.state, this.isWatchKnown]);
    if (state !== this.#notified) this.#options.onState();
    this.#notified = state;
  }

  #begin(signal: AbortSignal): Layer2Term {
    const { log, store } = this.#options;
    log.info('the nodes get to know each other');
    this.#conflicts.begin(store.status?.layer2Conflicts ?? []);
    this.#addresses = new Layer2AddressIndex();
    const options = {
      ...this.#options,
      addresses: (snapshot: Snapshot) => this.#addresses.addresses(snapshot),
      partitionConflicts: this.#partitionConflicts,
      publishReport: (until: AbortSignal) => this.#statusWriter.publish(until),
      onReport: () => this.#statusWriter.trigger(),
      onChange: () => {
        this.trigger();
        if (this.#isNeeded) this.#options.onOthers();
      },
      onDecided: (...[decisions, wanted, ownersFound]: Parameters<ConflictWatch['decided']>) => {
        this.#ownershipReporter.decided(decisions, wanted);
        this.#conflicts.decided(decisions, wanted, ownersFound);
      },
    };
    const term = new Layer2Term(options, signal);
    if (this.#isStopping) term.ownershipLoop.stop();
    this.#hasPublished = false;
    return term;
  }

  /** No Eip asks for layer 2 any more, and nothing else asks for the other nodes. */
  async #end(term: Layer2Term, signal: AbortSignal): Promise<void> {
    const { log, metrics, responder, peers } = this.#options;
    log.info('the nodes need not know each other any more');
    this.#term = undefined;
    this.#conflicts.end();
    const ended = term.end(new Error('nothing asks for the other nodes'));
    await responder.answerFor([]);
    peers.watch([]);
    metrics.layer2Addresses.set(0);
    this.#statusWriter.trigger();
    await ended;
    void term.removeLease(signal);
  }

  /** Until this process has a report of its own, the former one of this node stays. */
  #reportToPublish(): Layer2Report {
    const { store } = this.#options;
    if (this.#isInUse === false) return { ...EMPTY_REPORT, stopping: this.#isStopping };
    return this.#report ?? readReport(store.status);
  }

  /** The Lease is renewed only from then on: other nodes would take the former report for that of a live node. */
  #onPublished(): void {
    const isKnown = this.#term ? this.#report !== undefined : this.#isInUse === false;
    if (this.#hasPublished || !isKnown) return;
    this.#hasPublished = true;
    this.#term?.keepLease();
  }
}

function sooner(a: Requeue | undefined, b: Requeue | undefined): Requeue | undefined {
  return a && b ? { requeueAfterMs: Math.min(a.requeueAfterMs, b.requeueAfterMs) } : (a ?? b);
}
