/**
 * Keeps the condition `skycap.io/Announced` of Services that exist in step with who announces them, and tells in an Event when nobody does any more. A new
 * Service gets the condition in the patch that gives it its address (`reconcile-service.ts`); what changes later is written here, one Service after
 * the other, since the last session of all is a change for thousands of them at once.
 */
import { isJudged } from '../../lib/api/judged.ts';
import { ANNOUNCED_CONDITION } from '../../lib/api/keys.ts';
import type { Condition } from '../../lib/api/object.ts';
import type { Service } from '../../lib/api/service.ts';
import { pause } from '../../lib/process/clock.ts';
import type { Again } from '../../lib/process/level-loop.ts';
import type { ServiceEvent } from '../decide-service.ts';
import { patchServiceStatus } from '../patch-service-status.ts';
import type { Deps } from '../ports.ts';
import { announcedPatch } from '../service-patch.ts';
import { announcedVerdict, type Finding, patienceMs, sentencesOf } from './decide-announced.ts';

/** Between two writes, each of which goes to every node. */
const REST_MS = 20;

export class AnnouncedReconciler {
  readonly #deps: Deps;
  /** Since when not all addresses of the Service are announced, as far as this replica has seen. */
  readonly #lackingSinceMs = new Map<string, number>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @param key of a Service. */
  async reconcile(key: string, signal: AbortSignal): Promise<Again | undefined> {
    const { world, nowMs, client, events } = this.#deps;
    const service = world.services.get(key);
    if (!service || !isSeenTo(service)) {
      this.#lackingSinceMs.delete(key);
      return undefined;
    }
    const findings = world.announcedFindings(service);
    const verdict = announcedVerdict(findings);
    const former = service.status?.conditions?.find(({ type }) => type === ANNOUNCED_CONDITION);
    const forMs = this.#lackingForMs(key, verdict !== undefined && verdict.status !== 'True');
    if (!verdict) return undefined;
    const waitMs = patienceMs(former, verdict) - forMs;
    if (waitMs > 0) return { againAfterMs: waitMs };
    const body = announcedPatch(service, verdict, nowMs());
    if (!body) return undefined;
    world.saw(await patchServiceStatus(client, service, body, signal));
    for (const event of eventsFor(former, findings)) events.record(service, event);
    await pause(REST_MS, signal);
    return undefined;
  }

  #lackingForMs(key: string, isLacking: boolean): number {
    if (!isLacking) {
      this.#lackingSinceMs.delete(key);
      return 0;
    }
    const nowMs = this.#deps.monotonicMs();
    const sinceMs = this.#lackingSinceMs.get(key) ?? nowMs;
    this.#lackingSinceMs.set(key, sinceMs);
    return nowMs - sinceMs;
  }
}

/** Of what was announced and is not, and of the reverse. */
function eventsFor(former: Condition | undefined, findings: readonly Finding[]): ServiceEvent[] {
  const lacking = findings.filter(({ status }) => status !== 'True');
  const [first] = lacking;
  if (!first) return former && former.status !== 'True' ? [eventOf('Normal', 'Announced', 'announced', findings)] : [];
  const isLost = former?.status === 'True' && first.reason !== 'AnnouncedByCni';
  return isLost ? [eventOf('Warning', first.reason, 'not announced any more', lacking)] : [];
}

function eventOf(
  type: ServiceEvent['type'],
  reason: Finding['reason'],
  what: string,
  findings: readonly Finding[],
): ServiceEvent {
  return { type, reason, action: 'Announce', message: `${what}: ${sentencesOf(findings)}` };
}

/** Ours, and it was seen to already: what it still lacks it gets with that. */
function isSeenTo(service: Service): boolean {
  return isJudged(service) && service.metadata.deletionTimestamp === undefined;
}
