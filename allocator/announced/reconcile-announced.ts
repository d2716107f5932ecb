/**
 * Keeps the condition `skycap.io/Announced` of existing Services up to date, and records an Event when an announcement ends. A new Service gets the condition in the patch
 * with its address (`reconcile-service.ts`). Later changes are written here, one Service after the other, since the end of the last session concerns thousands of
 * Services at once.
 */

import { ANNOUNCED_CONDITION } from '../../lib/api/keys.ts';
import { hasOurCondition } from '../../lib/api/service/has-our-condition.ts';
import type { Service } from '../../lib/api/service/service.ts';
import { pause } from '../../lib/process/clock.ts';
import type { Requeue } from '../../lib/process/loop/level-loop.ts';
import { announcedCondition, type Finding, sentencesOf } from '../../lib/reach/decide-announced.ts';
import type { Deps, ServiceEvent } from '../deps.ts';
import { patchServiceStatus } from '../services/patch-service-status.ts';
import { announcedPatch } from '../services/service-patch.ts';
import { Lacking } from './lacking.ts';
import type { ServiceAnnouncements } from './service-announcements.ts';

/** Between two writes, since each write goes to every node. */
const REST_MS = 20;

export class AnnouncedReconciler {
  readonly #deps: Deps;
  readonly #announcements: ServiceAnnouncements;
  readonly #lacking = new Lacking();

  constructor(deps: Deps, announcements: ServiceAnnouncements) {
    this.#deps = deps;
    this.#announcements = announcements;
  }

  /** @param key of a Service. */
  async reconcile(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const { cluster, nowMs, monotonicMs, client, events, metrics } = this.#deps;
    const service = cluster.services.get(key);
    if (!service || !isSeenTo(service)) {
      this.#lacking.forget(key);
      metrics.announcedGone(key);
      return undefined;
    }
    const findings = this.#announcements.findingsOf(service);
    const verdict = announcedCondition(findings);
    const former = service.status?.conditions?.find(({ type }) => type === ANNOUNCED_CONDITION);
    const { waitMs, lost, back } = this.#lacking.look(key, findings, former, monotonicMs());
    if (verdict) metrics.announced(key, verdict.status, verdict.reason);
    else metrics.announcedGone(key);
    if (!verdict) return undefined;
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    const body = announcedPatch(service, verdict, nowMs());
    if (body) cluster.saw(await patchServiceStatus(client, service, body, signal));
    this.#lacking.told(key, findings);
    if (!body) return undefined;
    for (const event of announcedEvents(lost, back)) events.record(service, event);
    await pause(REST_MS, signal);
    return undefined;
  }
}

function announcedEvents(lost: readonly Finding[], back: readonly Finding[]): ServiceEvent[] {
  const gone = lost.filter(({ status }) => status === 'False');
  const doubtful = lost.filter(({ status }) => status === 'Unknown');
  return [
    ...(gone[0] ? [eventOf('Warning', gone[0].reason, 'not announced any more', gone)] : []),
    ...(doubtful[0] ? [eventOf('Warning', doubtful[0].reason, 'may not be announced any more', doubtful)] : []),
    ...(back.length > 0 ? [eventOf('Normal', 'Announced', 'announced', back)] : []),
  ];
}

function eventOf(
  type: ServiceEvent['type'],
  reason: Finding['reason'],
  what: string,
  findings: readonly Finding[],
): ServiceEvent {
  return { type, reason, action: 'Announce', isTurn: true, message: `${what}: ${sentencesOf(findings)}` };
}

/** The Service is Skycap's and was reconciled already: the next patch of its status has the condition. */
function isSeenTo(service: Service): boolean {
  return hasOurCondition(service) && service.metadata.deletionTimestamp === undefined;
}
