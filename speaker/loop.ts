/**
 * The speaker's one loop: change → plan → BIRD. {@link LevelLoop} calls {@link SpeakerLoop.act} at the first change, and again for all changes that
 * came meanwhile.
 *
 * Nothing is done before every store has been read completely. A speaker that was just started finds that BIRD runs the configuration that it would send.
 */

import { type Announcement, isAnnounced } from '../lib/bgp/announcement.ts';
import type { Planned } from '../lib/bgp/plan.ts';
import { type AnnouncementBlock, announcementsIn, countAnnounced } from '../lib/bgp/routes.ts';
import { compareAddresses } from '../lib/net/address.ts';
import { pause } from '../lib/process/clock.ts';
import type { Logger } from '../lib/process/log.ts';
import type { Requeue } from '../lib/process/loop/level-loop.ts';
import { WorkBudget } from '../lib/process/loop/work-budget.ts';
import type { ApplyOutcome, RunningBird } from './bird/apply.ts';
import { buildBirdConfig } from './bird/config/model.ts';
import { type BlockTexts, type RenderedConfig, renderBirdConfig } from './bird/config/render.ts';
import type { BirdVersion } from './bird/config/version.ts';
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
  readonly plan: () => Planned | undefined;
  readonly bird: BirdPort;
  readonly metrics: SpeakerMetrics;
  readonly log: Logger;
  /** Called after each run that had a plan. */
  readonly onActed: () => void;
  readonly nowMs: () => number;
}

/** The watcher sees at once that BIRD is back; the retry is for a BIRD that hangs. */
const RETRY_MS = 2_000;
/**
 * How much of the time configurations may take: a change is acted on at once, a burst too. A flood takes a thirtieth of a core, since its creator needs
 * the machine as well.
 */
const BUDGET = { share: 0.03, burstMs: 100, longestRestMs: 300 };
/** More changes than this at once are counted in one line. */
const CHANGES_LOGGED_SINGLY = 20;

export class SpeakerLoop {
  readonly #options: SpeakerLoopOptions;
  readonly #budget = new WorkBudget(BUDGET);
  readonly #blockTexts: BlockTexts = new WeakMap();
  #state: LoopState | undefined;

  constructor(options: SpeakerLoopOptions) {
    this.#options = options;
  }

  /** Undefined until the stores are synced. */
  get state(): LoopState | undefined {
    return this.#state;
  }

  async act(signal: AbortSignal): Promise<Requeue | undefined> {
    const { plan, onActed, metrics } = this.#options;
    const startedMs = performance.now();
    const planned = plan();
    if (!planned) return undefined;
    metrics.onHold.set(planned.kind === 'hold' ? 1 : 0);
    const outcome = planned.kind === 'plan' ? await this.#apply(planned, signal) : this.#state?.outcome;
    this.#note({ planned, plan: planned.kind === 'plan' ? planned : this.#state?.plan, outcome });
    onActed();
    const endedMs = performance.now();
    if (outcome?.kind === 'Applied') await pause(this.#budget.spent(endedMs - startedMs, endedMs), signal);
    const isRetried = outcome?.kind === 'BirdUnreachable' || outcome?.kind === 'NotWritten';
    return isRetried ? { requeueAfterMs: RETRY_MS } : undefined;
  }

  async #apply(planned: Extract<Planned, { kind: 'plan' }>, signal: AbortSignal): Promise<ApplyOutcome> {
    const { bird, metrics, nowMs } = this.#options;
    const running = await bird.running(signal);
    const version = running?.version ?? (await bird.binaryVersion());
    const config = renderBirdConfig(buildBirdConfig(planned.plan, version), this.#blockTexts);
    const outcome = await bird.apply(config, running, signal);
    metrics.birdUp.set(running ? 1 : 0);
    metrics.refused.set(outcome.kind === 'BirdRefused' ? 1 : 0);
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
    else if (outcome?.kind === 'NotWritten')
      log.error({ reason: outcome.kind, message: outcome.message }, 'configuration not written');
    else if (outcome?.kind === 'BirdUnreachable')
      log.warn({ reason: outcome.kind, message: outcome.message }, 'configuration waits for bird');
    else if (planned.policyProblem) log.error(planned.policyProblem, 'the former policy stays in force');
    else log.info('bird runs the configuration');
  }

  #noteRoutes(planned: Extract<Planned, { kind: 'plan' }>, former: LoopState['plan']): void {
    const { log, metrics } = this.#options;
    for (const family of [4, 6] as const) {
      const ofFamily = planned.announcements.filter((block) => block.family === family);
      metrics.routes.set({ family: `ipv${family}` }, countAnnounced(ofFamily));
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

/** Decisions that are new or different. A block that is the same object as before has none. */
function changedAnnouncements(
  before: readonly AnnouncementBlock[],
  after: readonly AnnouncementBlock[],
): readonly Announcement[] {
  const [had, has] = [new Set(before), new Set(after)];
  return differences(
    announcementsIn(before.filter((block) => !has.has(block))),
    announcementsIn(after.filter((block) => !had.has(block))),
  );
}

/** Both lists are sorted. An address that is gone altogether comes as not published. */
function differences(before: readonly Announcement[], after: readonly Announcement[]): Announcement[] {
  const changed: Announcement[] = [];
  const gone = (one: Announcement) => {
    if (isAnnounced(one)) changed.push({ ...one, reason: 'NotPublished' });
  };
  let i = 0;
  for (const one of after) {
    while (i < before.length && compareAddresses(before[i]!.address, one.address) < 0) gone(before[i++]!);
    const old = before[i]?.text === one.text ? before[i++] : undefined;
    // An address that was never announced by BGP, and is not to be, is no news.
    if (old?.reason !== one.reason && (old || one.reason !== 'OtherProtocol')) changed.push(one);
  }
  for (; i < before.length; i++) gone(before[i]!);
  return changed;
}

/** Equal exactly when there is nothing new to say about hold and outcome. */
function messageOf({ planned, outcome }: LoopState): string {
  if (planned.kind === 'hold') return planned.message;
  const policy = planned.policyProblem?.message ?? '';
  return outcome && 'message' in outcome ? `${policy} ${outcome.kind} ${outcome.message}` : `${policy} runs`;
}
