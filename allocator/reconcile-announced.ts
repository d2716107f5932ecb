/**
 * Keeps the condition `skycap.io/Announced` of Services that exist in step with what the Speakers say. A new Service gets it in the patch that
 * gives it its address (`reconcile-service.ts`); what changes later is written here, one Service after the other, since a session or a node is a
 * change for thousands of them at once.
 */
import { isJudged } from '../lib/api/judged.ts';
import type { Service } from '../lib/api/service.ts';
import { pause } from '../lib/process/clock.ts';
import type { Again } from '../lib/process/level-loop.ts';
import { patchServiceStatus } from './patch-service-status.ts';
import type { Deps } from './ports.ts';
import { announcedPatch } from './service-patch.ts';

/** The key that stands for the reach of all Eips; no Service has it. */
export const REACH_KEY = '*';

/** An address of layer 2 that nobody has is not told before that: it is about to be taken. */
const TAKEN_WITHIN_MS = 3_000;
/** All Speakers are looked at, 9 ms with 5,000 of them and ten Eips; and they all change at once when a router restarts. */
const RENEW_EVERY_MS = 500;

export interface AnnouncedReconcilerDeps extends Deps {
  /** Has all Services looked at. */
  readonly onReach: (isUrgent: boolean) => void;
}

export class AnnouncedReconciler {
  readonly #deps: AnnouncedReconcilerDeps;
  /** Since when nobody has an address of the Service. */
  readonly #ownerlessSinceMs = new Map<string, number>();
  #renewedMs = Number.NEGATIVE_INFINITY;

  constructor(deps: AnnouncedReconcilerDeps) {
    this.#deps = deps;
  }

  /**
   * @param key of a Service, or {@link REACH_KEY}.
   * @param restMs what a write is followed by.
   */
  async reconcile(key: string, restMs: number, signal: AbortSignal): Promise<Again | undefined> {
    if (key === REACH_KEY) return this.#renewReach();
    const service = this.#deps.world.services.get(key);
    if (!service || !isSeenTo(service)) {
      this.#ownerlessSinceMs.delete(key);
      return undefined;
    }
    return await this.#look(key, service, restMs, signal);
  }

  #renewReach(): Again | undefined {
    const { world, monotonicMs, onReach } = this.#deps;
    const nowMs = monotonicMs();
    const waitMs = this.#renewedMs + RENEW_EVERY_MS - nowMs;
    if (waitMs > 0) return { againAfterMs: waitMs };
    this.#renewedMs = nowMs;
    const { isUrgent, isNews, againAfterMs } = world.announcers.renew(nowMs);
    if (isNews) onReach(isUrgent);
    return againAfterMs === undefined ? undefined : { againAfterMs };
  }

  async #look(key: string, service: Service, restMs: number, signal: AbortSignal): Promise<Again | undefined> {
    const { world, nowMs, client } = this.#deps;
    const verdict = world.announcedOf(service);
    const waitMs = this.#patienceMs(key, verdict?.reason === 'NobodyHasIt');
    if (waitMs > 0) return { againAfterMs: waitMs };
    const body = verdict && announcedPatch(service, verdict, nowMs());
    if (!body) return undefined;
    world.saw(await patchServiceStatus(client, service, body, signal));
    await pause(restMs, signal);
    return undefined;
  }

  #patienceMs(key: string, isOwnerless: boolean): number {
    if (!isOwnerless) {
      this.#ownerlessSinceMs.delete(key);
      return 0;
    }
    const nowMs = this.#deps.monotonicMs();
    const sinceMs = this.#ownerlessSinceMs.get(key) ?? nowMs;
    this.#ownerlessSinceMs.set(key, sinceMs);
    return Math.max(0, sinceMs + TAKEN_WITHIN_MS - nowMs);
  }
}

/** Ours, and it was seen to already: what it still lacks it gets with that. */
function isSeenTo(service: Service): boolean {
  return isJudged(service) && service.metadata.deletionTimestamp === undefined;
}
