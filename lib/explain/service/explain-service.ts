/** Explains a Service: the walk of a packet from the request to the endpoints, and for a Service without its address the changes that would help. PURE. */
import { keyOf } from '../../api/meta/object.ts';
import type { Service } from '../../api/service/service.ts';
import type { Assignment } from '../../ipam/assignment/decide-assignment.ts';
import { annotatedAddresses } from '../../ipam/claims/service-claims.ts';
import type { EventObject } from '../../kube/events/event.ts';
import type { Address } from '../../net/address.ts';
import type { Listed } from '../../snapshot/cluster-read.ts';
import { type Explanation, explanationOf, type Step, type Trial } from '../explanation.ts';
import type { World } from '../world.ts';
import type { Change } from './annotation-change.ts';
import { announcedCondition, announcedSteps } from './announced/announced-steps.ts';
import { assignedCondition, assignmentSteps, isPublished } from './assignment-steps.ts';
import { decide } from './decide.ts';
import { endpointSteps } from './endpoint-step.ts';
import { eventSteps, tellingEvents } from './event-steps.ts';
import { overrideTrials } from './override-trials.ts';
import { namedEipSteps, requestStep } from './request-step.ts';
import { helpfulTrials, tryChange } from './trials.ts';

export interface ExplainServiceOptions {
  /** Given by the user. */
  readonly change?: Change;
  /** The steps on the nodes that no object of Skycap shows. */
  readonly beyond?: readonly Step[];
  /** Of the Service, read at this time. */
  readonly events?: Listed<EventObject>;
  readonly nowMs?: number;
}

export function explainService(world: World, service: Service, options: ExplainServiceOptions = {}): Explanation {
  const { change, beyond = [], events = { items: [] }, nowMs = 0 } = options;
  const { view, assignment } = decide(world, service);
  const addresses = addressesOf(service, assignment);
  const said = assignedCondition(service);
  const hasAddress = addresses.length > 0 && (said?.status === 'True' || assignment?.hasAddress === true);
  const telling = assignment ? tellingEvents(service, events.items, nowMs) : [];
  const isContested = isContestedNow(service, addresses, telling);
  const steps = [
    requestStep(world, service, view),
    ...(assignment ? namedEipSteps(world, service, hasAddress) : []),
    ...(assignment ? assignmentSteps(world, service, { assignment, addresses, isContested }) : []),
    ...eventSteps(service, telling),
    ...(hasAddress ? announcedSteps(world, service, addresses, isContested) : []),
    ...(hasAddress ? endpointSteps(world, service, addresses) : []),
    ...(hasAddress ? beyond : []),
  ];
  const trials = [
    ...trialsFor(world, service, assignment, change),
    ...(hasAddress && !change ? overrideTrials(world, service, addresses) : []),
  ];
  return explanationOf(`Service ${keyOf(service)}`, steps, {
    ...(trials.length > 0 && { trials }),
    unread: [...world.unread, ...(events.unread ? [events.unread] : [])],
  });
}

/** The addresses that Skycap gave, or those that it is about to give. None while the allocator says why there is none. */
function addressesOf(service: Service, assignment: Assignment | undefined): readonly Address[] {
  const own = annotatedAddresses(service).filter((address) => isPublished(service, address));
  if (own.length > 0 || assignedCondition(service)?.status === 'False') return own;
  return (assignment?.uses ?? []).map(({ address }) => address);
}

/** The condition says so, or the Event does and an address is missing. An Event outlives its contest. */
function isContestedNow(service: Service, addresses: readonly Address[], events: readonly EventObject[]): boolean {
  if (announcedCondition(service)?.reason === 'StatusContested') return true;
  const isTold = events.some(({ reason }) => reason === 'StatusContested');
  return isTold && addresses.some((address) => !isPublished(service, address));
}

function trialsFor(
  world: World,
  service: Service,
  assignment: Assignment | undefined,
  change: Change | undefined,
): Trial[] {
  const { eips, eipClaims } = world.read;
  if (eips.unread || eipClaims.unread) return [];
  if (change) return [tryChange(world, service, change)];
  const isMended = assignment?.reason === 'Assigned' && assignment.hasAddress;
  const isFulfilled = assignment && assignedCondition(service)?.reason === 'Assigned';
  return isMended || isFulfilled ? [] : helpfulTrials(world, service);
}
