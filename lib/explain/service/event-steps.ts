/** The steps for reasons that no condition of a Service has, only an Event: another controller writes over its status, for example. PURE. */
import { SERVICE_ANNOTATIONS } from '../../api/keys.ts';
import { keyOf } from '../../api/meta/object.ts';
import type { Reason } from '../../api/reasons.ts';
import type { Service } from '../../api/service/service.ts';
import type { EventObject } from '../../kube/events/event.ts';
import { type Step, warning } from '../explanation.ts';
import { annotateCommand } from '../kubectl-commands.ts';
import { remedyFor } from '../remedies.ts';
import { assignedCondition } from './assignment-steps.ts';

/** Other Events repeat a condition, which says whether its reason is still true. */
const TOLD_BY_EVENTS: readonly Reason[] = ['StatusContested', 'ClaimExpired', 'WriteRefused'];
const WRITER = 'skycap-allocator';
/** While its cause lasts, an Event is written again every ten minutes. */
const LASTS_MS = 660_000;

/** The latest Event of each reason. @param events of the Service; those of a former Service of the name do not count. */
export function tellingEvents(service: Service, events: readonly EventObject[], nowMs: number): readonly EventObject[] {
  const own = events.filter(({ regarding, reportingController, eventTime }) => {
    const isRecent = Date.parse(eventTime) > nowMs - LASTS_MS;
    return regarding.uid === service.metadata.uid && reportingController === WRITER && isRecent;
  });
  return TOLD_BY_EVENTS.flatMap((reason) => {
    const ofReason = own.filter((one) => one.reason === reason && !isSaidLater(service, one));
    return ofReason.toSorted((a, b) => b.eventTime.localeCompare(a.eventTime)).slice(0, 1);
  });
}

/** @param events of `tellingEvents`. */
export function eventSteps(service: Service, events: readonly EventObject[]): Step[] {
  return events.map(({ reason, note, eventTime }) => {
    const from = `Event of Service ${keyOf(service)}, ${eventTime.replace(/\.\d+Z$/, 'Z')}`;
    const details = reason === 'StatusContested' ? [leaveText(service)] : [];
    return warning(note, from, { reason: reason as Reason, details, remedy: remedyFor(reason as Reason) });
  });
}

/** The annotation with another value takes the Service from Skycap, whatever its class. */
export function leaveText(service: Service): string {
  const command = annotateCommand(service, { [SERVICE_ANNOTATIONS.optIn[0]]: 'none' });
  return `To take the Service off Skycap: ${command}`;
}

/** A refused write was repeated with success, or the condition has the refusal. The time of a condition has whole seconds. */
function isSaidLater(service: Service, { reason, eventTime }: EventObject): boolean {
  if (reason !== 'WriteRefused') return false;
  const said = assignedCondition(service);
  return said?.reason === reason || Date.parse(said?.lastTransitionTime ?? '') > Date.parse(eventTime) - 1_000;
}
