/**
 * The speaker's one loop: change → snapshot → plan → BIRD. {@link LevelLoop} calls {@link SpeakerLoop.act} at the first change and again for
 * all that came meanwhile.
 *
 * Nothing is done before every store has been read completely: a speaker that was just started takes over what BIRD has, and finds
 * that BIRD runs the very configuration that it would send.
 */
import { compareAddresses } from '../lib/net/address.ts';
import { pause } from '../lib/process/clock.ts';
import type { Logger } from '../lib/process/log.ts';
import type { Requeue } from '../lib/process/loop/level-loop.ts';
import { WorkBudget } from '../lib/process/loop/work-budget.ts';
import type { ApplyOutcome, RunningBird } from './bird/apply.ts';
import { buildBirdConfig } from './bird/config/model.ts';
import { type RenderedConfig, renderBirdConfig } from './bird/config/render.ts';
import type { BirdVersion } from './bird/config/version.ts';
import type { Snapshot } from './cluster/snapshot.ts';
import { makePlan, type Planned } from './desired/plan.ts';
import type { Announcement } from './desired/routes.ts';
import type { SpeakerMetrics } from './metrics.ts';
import type { LoopState } from './report/loop-state.ts';

/** BIRD as the loop uses it; `bird/apply.ts` is the real one. */
export interface BirdPort {
  running(signal: AbortSignal): Promise<RunningBird | undefined>;
  binaryVersion(): Promise<BirdVersion>;
  apply(config: RenderedConfig, running: RunningBird | undefined, signal: AbortSignal): Promise<ApplyOutcome>;
}

export interface SpeakerLoopOptions {
  /** @returns undefined while a store is not synced. */
  readonly snapshot: () => Snapshot | undefined;
  readonly bird: BirdPort;
  readonly metrics: SpeakerMetrics;
  readonly log: Logger;
  /** Called after each run that had a snapshot. */
  readonly onActed: () => void;
  readonly nowMs: () => number;
}

/** A BIRD that comes back is seen at once by the watcher; this is for one that is there and hangs. */
const RETRY_MS = 2_000;
/**
 * How much of the time configurations may take: a change is acted on at once, a burst too, and a flood of them takes a thirtieth of a core, since
 * whoever creates it needs the machine as well.
 */
const BUDGET = { share: 0.03, burstMs: 100, longestRestMs: 300 };
/** More changes than this at once are counted in one line. */
const CHANGES_LOGGED_SINGLY = 20;

export class SpeakerLoop {
  readonly #options: SpeakerLoopOptions;
  readonly #budget = new WorkBudget(BUDGET);
  #state: LoopState | undefined;

  constructor(options: SpeakerLoopOptions) {
    this.#options = options;
  }

  /** Undefined until the stores are synced. */
  get state(): LoopState | undefined {
    return this.#state;
  }

  async act(signal: AbortSignal): Promise<Requeue | undefined> {
    const { snapshot, onActed, metrics } = this.#options;
    const now = snapshot();
    if (!now) return undefined;
    const startedMs = performance.now();
    const planned = makePlan(now);
    metrics.onHold.set(planned.kind === 'hold' ? 1 : 0);
    const outcome = planned.kind === 'plan' ? await this.#apply(planned, signal) : this.#state?.outcome;
    this.#note({ planned, plan: planned.kind === 'plan' ? planned : this.#state?.plan, outcome });
    onActed();
    const endedMs = performance.now();
    if (outcome?.kind === 'Applied') await pause(this.#budget.spent(endedMs - startedMs, endedMs), signal);
    return outcome?.kind === 'BirdUnreachable' ? { requeueAfterMs: RETRY_MS } : undefined;
  }

  async #apply(planned: Extract<Planned, { kind: 'plan' }>, signal: AbortSignal): Promise<ApplyOutcome> {
    const { bird, metrics, nowMs } = this.#options;
    const running = await bird.running(signal);
    const version = running?.version ?? (await bird.binaryVersion());
    const config = renderBirdConfig(buildBirdConfig(planned.plan, version));
    const outcome = await bird.apply(config, running, signal);
    metrics.birdUp.set(running ? 1 : 0);
    if (outcome.kind === 'Applied') metrics.configureSeconds.observe(outcome.durationMs / 1000);
    const isNews = outcome.kind === 'Applied' || outcome.kind !== this.#state?.outcome?.kind;
    if (isNews && outcome.kind !== 'Unchanged') metrics.configurations.inc({ outcome: outcome.kind });
    if (isNews && outcome.kind === 'BirdRefused') metrics.lastRefusalSeconds.set(nowMs() / 1000);
    return outcome;
  }

  /** Logs what is new. */
  #note(state: LoopState): void {
    const { log } = this.#options;
    const former = this.#state;
    this.#state = state;
    if (messageOf(state) !== (former && messageOf(former))) this.#logOutcome(state);
    if (state.outcome?.kind === 'Applied')
      log.info({ durationMs: Math.round(state.outcome.durationMs) }, 'configuration applied');
    if (state.planned.kind === 'plan') this.#noteRoutes(state.planned, former?.plan);
  }

  #logOutcome({ planned, outcome }: LoopState): void {
    const { log } = this.#options;
    if (planned.kind === 'hold')
      log.error({ reason: planned.reason, message: planned.message }, 'configuration on hold');
    else if (outcome?.kind === 'BirdRefused')
      log.error({ reason: outcome.kind, message: outcome.message }, 'configuration refused');
    else if (outcome?.kind === 'BirdUnreachable')
      log.warn({ reason: outcome.kind, message: outcome.message }, 'configuration waits for bird');
    else log.info('bird runs the configuration');
  }

  #noteRoutes(planned: Extract<Planned, { kind: 'plan' }>, former: LoopState['plan']): void {
    const { log, metrics } = this.#options;
    for (const family of [4, 6] as const) {
      const count = planned.announcements.filter((one) => isAnnounced(one) && one.address.family === family).length;
      metrics.routes.set({ family: `ipv${family}` }, count);
    }
    const changes = changedAnnouncements(former?.announcements ?? [], planned.announcements);
    if (changes.length > CHANGES_LOGGED_SINGLY) {
      const announced = changes.filter(isAnnounced).length;
      log.info({ announced, withdrawn: changes.length - announced }, 'announcements changed');
    } else {
      for (const { text, reason, services } of changes) {
        const fields = { address: text, reason, services };
        log.info(fields, reason === 'Announced' ? 'address announced' : 'address not announced');
      }
    }
    for (const peer of planned.refusedPeers) {
      const old = former?.refusedPeers.find((other) => other.peer === peer.peer);
      if (old?.message !== peer.message) log.warn(peer, 'no session with peer');
    }
  }
}

function isAnnounced({ reason }: Announcement): boolean {
  return reason === 'Announced';
}

/** Decisions that are new or different; an address that is gone altogether comes as not published. Both lists are sorted. */
function changedAnnouncements(before: readonly Announcement[], after: readonly Announcement[]): Announcement[] {
  const changed: Announcement[] = [];
  const gone = (one: Announcement) => {
    if (isAnnounced(one)) changed.push({ ...one, reason: 'NotPublished' });
  };
  let i = 0;
  for (const one of after) {
    while (i < before.length && compareAddresses(before[i]!.address, one.address) < 0) gone(before[i++]!);
    const old = before[i]?.text === one.text ? before[i++] : undefined;
    // What was never announced by BGP, and is not meant to be, is no news.
    if (old?.reason !== one.reason && (old || one.reason !== 'OtherProtocol')) changed.push(one);
  }
  for (; i < before.length; i++) gone(before[i]!);
  return changed;
}

/** Equal exactly when there is nothing new to say about hold and outcome. */
function messageOf({ planned, outcome }: LoopState): string {
  if (planned.kind === 'hold') return planned.message;
  return outcome && 'message' in outcome ? `${outcome.kind} ${outcome.message}` : 'runs';
}
