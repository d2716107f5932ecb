/**
 * Decides the publication of an Assignment: annotations, label, status, conditions, and the Events about the change. PURE.
 *
 * Two rules come first: a published address goes only if it certainly must (`mustGo`), and entries of other controllers stay (`isOwn`).
 */

import {
  ADDRESS_ASSIGNED_CONDITION,
  ADDRESSES_ANNOTATION,
  ANNOUNCED_CONDITION,
  BY_DEFAULT_CONDITION,
  EIP_LABEL,
  OPT_IN_VALUES,
  ROUTE_OVERRIDES_CONDITION,
  SERVICE_ANNOTATIONS,
} from '../../lib/api/keys.ts';
import type { ConditionUpdate } from '../../lib/api/meta/conditions.ts';
import type { Reason } from '../../lib/api/reasons.ts';
import { hasOurCondition } from '../../lib/api/service/has-our-condition.ts';
import {
  type ManagedMetadata,
  managedMetadataOf,
  NO_MANAGED_METADATA,
} from '../../lib/api/service/managed-metadata.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { LoadBalancerIngress, Service } from '../../lib/api/service/service.ts';
import { type Assignment, describe, isUsed } from '../../lib/ipam/assignment/decide-assignment.ts';
import { waitingSinceOf } from '../../lib/ipam/assignment/waiting-list.ts';
import type { HeldAddress } from '../../lib/ipam/choice/held-address.ts';
import { annotatedAddresses } from '../../lib/ipam/claims/service-claims.ts';
import { type Address, formatAddress, parseAddress, sameAddress } from '../../lib/net/address.ts';
import type { ServiceEvent } from '../deps.ts';
import { announcedDelayMs } from './announced-delay.ts';
import { ingressOf, withOwnEntries } from './ingress.ts';

export interface PublicationFacts {
  readonly service: Service;
  readonly heldAddresses: readonly HeldAddress[];
  /** The token for a Service that has an address. */
  readonly token: string;
  /** The condition about the announcement of these addresses. */
  readonly announcedOf: (addresses: readonly Address[]) => ConditionUpdate | undefined;
  /** Why annotations for BGP have no effect on the routes of these addresses. */
  readonly routeOverridesOf: (addresses: readonly Address[]) => ConditionUpdate | undefined;
  /** Whether another Service has a claim on the address and this Service has none. */
  readonly isTakenByOthers: (address: Address) => boolean;
  /** Whether an Eip contains the address. */
  readonly isOfEip: (address: Address) => boolean;
  /** Whether Skycap serves the Service because of a default Eip, now or when the Service got its address. */
  readonly isByDefault: boolean;
  /** The value of `skycap.io/waiting-since` for a Service that has to wait. Used only if the Service has none. */
  readonly waitsSince: string;
}

export interface Publication {
  readonly managedMetadata: ManagedMetadata;
  /** The whole list, with the entries of other controllers. */
  readonly ingress: readonly LoadBalancerIngress[];
  /** Skycap's addresses in the list. */
  readonly addresses: readonly Address[];
  /** The conditions to set. The patch removes Skycap's other conditions, but for `skycap.io/Announced`. */
  readonly verdicts: readonly ConditionUpdate[];
  /** The condition `skycap.io/Announced`, written along with other changes. 'as it is': no change yet. Absent: the Service has no address. */
  readonly announced?: ConditionUpdate | 'as it is';
  /** The Events to record after the patch. */
  readonly events: readonly ServiceEvent[];
}

export function decidePublication(facts: PublicationFacts, assignment: Assignment): Publication {
  const verdict: ConditionUpdate = {
    type: ADDRESS_ASSIGNED_CONDITION,
    status: assignment.hasAddress ? 'True' : 'False',
    reason: assignment.reason,
    message: assignment.message,
  };
  const addresses = addressesFor(facts, assignment);
  const ingress = withOwnEntries(ingressOf(facts.service), addresses, (address) => isOwn(address, facts));
  const announced = announcedFor(facts, addresses);
  const routeOverrides = facts.routeOverridesOf(addresses);
  return {
    managedMetadata: managedMetadataAfter(facts, assignment, addresses),
    ingress,
    addresses,
    verdicts: [verdict, ...(facts.isByDefault ? [BY_DEFAULT] : []), ...(routeOverrides ? [routeOverrides] : [])],
    ...(announced && { announced }),
    events: [...publicationEvents(facts, assignment, addresses), ...overrideEvents(facts.service, routeOverrides)],
  };
}

/** An Event if an annotation for BGP newly has no effect, or has none for another reason than before. */
function overrideEvents({ status }: Service, verdict: ConditionUpdate | undefined): ServiceEvent[] {
  const former = status?.conditions?.find(({ type }) => type === ROUTE_OVERRIDES_CONDITION);
  return verdict && former?.reason !== verdict.reason ? [event('Warning', verdict.reason, verdict.message)] : [];
}

/** `announced/reconcile-announced.ts` handles changes that may be transient, and changes with an Event: a node takes an address of layer 2 only once it is published. */
function announcedFor(facts: PublicationFacts, shown: readonly Address[]): ConditionUpdate | 'as it is' | undefined {
  const verdict = facts.announcedOf(shown);
  const former = facts.service.status?.conditions?.find(({ type }) => type === ANNOUNCED_CONDITION);
  if (!verdict) return undefined;
  const isAboutContest = [former?.reason, verdict.reason].includes('StatusContested');
  const isSame = former !== undefined && !isAboutContest && sameList(shown, annotatedAddresses(facts.service));
  return isSame || announcedDelayMs(former, verdict) > 0 ? 'as it is' : verdict;
}

function sameList(a: readonly Address[], b: readonly Address[]): boolean {
  return a.length === b.length && a.every((one, i) => sameAddress(one, b[i]!));
}

/** According to the condition `skycap.io/Announced`. */
export function isSaidToBeContested({ status }: Service): boolean {
  return (
    status?.conditions?.some((one) => one.type === ANNOUNCED_CONDITION && one.reason === 'StatusContested') === true
  );
}

const BY_DEFAULT: ConditionUpdate = {
  type: BY_DEFAULT_CONDITION,
  status: 'True',
  reason: 'DefaultEip',
  message: `the Service asks for no particular load balancer, and Skycap serves those while it has a default Eip; to take it off, give it the annotation ${SERVICE_ANNOTATIONS.optIn[0]} with another value`,
};

/** The Service asks for no particular load balancer, and another one serves it. */
const SERVED_BY_ANOTHER: ConditionUpdate = {
  type: BY_DEFAULT_CONDITION,
  status: 'False',
  reason: 'ServedByAnother',
  message: `another load balancer serves the Service, which asks for no particular one, so Skycap leaves it alone; to have Skycap serve it, give it the annotation ${SERVICE_ANNOTATIONS.optIn[0]}: ${OPT_IN_VALUES[0]}`,
};

export interface LeavingFacts extends Pick<PublicationFacts, 'service' | 'heldAddresses' | 'isOfEip'> {
  /** See `ServiceView`. */
  readonly isLeftAlone?: boolean;
}

/**
 * The publication of a Service that Skycap no longer serves: it removes all of Skycap's entries, and none of another controller's. While Skycap's condition stands, the
 * addresses in the condition and the published addresses of Skycap's Eips count as Skycap's. Nothing else may prove it any more: annotations may be forged, along with
 * the token that leads to the claim, and claims and Eips may be gone.
 */
export function decideLeaving({ service, heldAddresses, isOfEip, isLeftAlone }: LeavingFacts): Publication {
  const given = [
    ...heldAddresses.map(({ address }) => address),
    ...(hasOurCondition(service) ? givenBefore(service) : []),
  ];
  const isOwn = (address: Address): boolean =>
    isOneOf(given, address) || (hasOurCondition(service) && isOfEip(address));
  return {
    managedMetadata: NO_MANAGED_METADATA,
    ingress: withOwnEntries(ingressOf(service), [], isOwn),
    addresses: [],
    verdicts: isLeftAlone ? [SERVED_BY_ANOTHER] : [],
    events: releaseEvents(publishedAddresses(service).filter((address) => isOneOf(given, address))),
  };
}

/** The addresses that Skycap gave to the Service, by its annotation and its condition. */
function givenBefore(service: Service): readonly Address[] {
  return [...annotatedAddresses(service), ...addressesInCondition(service)];
}

/** The given addresses, as `describe` wrote them into the condition. */
function addressesInCondition({ status }: Service): Address[] {
  const condition = status?.conditions?.find(({ type }) => type === ADDRESS_ASSIGNED_CONDITION);
  const words = condition?.status === 'True' ? condition.message.split(/[\s,]+/) : [];
  return words.flatMap((word) => parseAddress(word) ?? []);
}

/** The addresses that the Service uses. While its request is not fulfilled, also its other addresses of Skycap's that need not go. */
function addressesFor(facts: PublicationFacts, assignment: Assignment): Address[] {
  const used = assignment.uses.map(({ address }) => address);
  if (assignment.isComplete) return used;
  const kept = publishedAddresses(facts.service).filter(
    (address) => !isUsed(assignment.uses, address) && isOwn(address, facts) && !mustGo(address, facts, assignment),
  );
  return [...used, ...kept.filter((address, i) => kept.findIndex((other) => sameAddress(other, address)) === i)];
}

/**
 * Whether Skycap may remove an address that the Service publishes: an Eip contains it, there is a claim on it, or it was given by Skycap or by OpenELB, which leaves a
 * label. Any other address belongs to another controller.
 */
function isOwn(address: Address, { service, heldAddresses, isOfEip, isTakenByOthers }: PublicationFacts): boolean {
  const isHeld = heldAddresses.some((heldAddress) => sameAddress(heldAddress.address, address));
  return isHeld || isOfEip(address) || isTakenByOthers(address) || wasGiven(address, service);
}

/** Whether Skycap or OpenELB gave the address. */
export function wasGiven(address: Address, service: Service): boolean {
  const { annotations, labels } = service.metadata;
  const isOpenElbs =
    !hasOurCondition(service) && labels?.[EIP_LABEL] !== undefined && !annotations?.[ADDRESSES_ANNOTATION];
  return isOpenElbs || isOneOf(givenBefore(service), address);
}

/**
 * Whether an address that Skycap published is certainly no longer this Service's while its request is not fulfilled: another address of its family replaces it, or its
 * claim was found not to serve the Service any more. Any other address stays.
 */
function mustGo(address: Address, facts: PublicationFacts, { uses }: Assignment): boolean {
  if (uses.some((use) => use.address.family === address.family)) return true;
  return facts.heldAddresses.some((heldAddress) => sameAddress(heldAddress.address, address));
}

/** The managed metadata. This function replaces forged metadata. */
function managedMetadataAfter(
  facts: PublicationFacts,
  assignment: Assignment,
  shown: readonly Address[],
): ManagedMetadata {
  const waitingSince = assignment.waits === 'must' ? (waitingSinceOf(facts.service) ?? facts.waitsSince) : undefined;
  const [first] = assignment.uses;
  if (!first && shown.length === 0) return { waitingSince };
  const addresses = shown.map(formatAddress).join(',');
  // If the Service publishes an address of Skycap's that it does not hold, token and label stay until more is known, since they show the origin of the address.
  const { token, eip } = first ? { token: facts.token, eip: first.eipName } : managedMetadataOf(facts.service);
  return { addresses, token, waitingSince, eip };
}

/** The Events for news only: an address that the Service did not have before, or a new reason. */
function publicationEvents(
  facts: PublicationFacts,
  assignment: Assignment,
  addresses: readonly Address[],
): ServiceEvent[] {
  const { service } = facts;
  const before = publishedAddresses(service);
  // If another controller took an address out of the status, that address is not news when it is written again.
  const known = [...before, ...addressesInCondition(service)];
  const fresh = assignment.uses.filter(({ address }) => !isOneOf(known, address));
  const gone = before.filter((address) => !isOneOf(addresses, address) && wasOurs(address, facts));
  const old = service.status?.conditions?.find(({ type }) => type === ADDRESS_ASSIGNED_CONDITION);
  const isNews = old?.reason !== assignment.reason || (old.status === 'True') !== assignment.hasAddress;
  return [
    ...(fresh.length > 0 ? [event('Normal', 'AssignIP', `assigned ${describe(fresh)}`)] : []),
    ...releaseEvents(gone),
    ...lateEvents(facts, addresses),
    ...(isNews && assignment.reason !== 'Assigned' ? [obstacleEvent(assignment)] : []),
  ];
}

/** If a Service keeps an address, the Event says so, and not that the Service pends. */
function obstacleEvent({ hasAddress, reason, message }: Assignment): ServiceEvent {
  if (hasAddress) return event('Warning', reason, message);
  return event('Warning', 'AddressPending', `${reason}: ${message}`);
}

/** The create call's answer had an address that another Service took over before the Service was stored. */
function lateEvents({ service, isTakenByOthers }: PublicationFacts, addresses: readonly Address[]): ServiceEvent[] {
  if (hasOurCondition(service)) return [];
  const lost = annotatedAddresses(service).filter((one) => !isOneOf(addresses, one) && isTakenByOthers(one));
  if (lost.length === 0) return [];
  const texts = lost.map(formatAddress).join(', ');
  const message = `another Service has ${texts} by now, which the annotation ${ADDRESSES_ANNOTATION} told of: the Service was stored long after its create call was answered, or the annotation was copied`;
  return [event('Warning', 'ClaimExpired', message)];
}

/** Another controller may have added an address of an Eip beside Skycap's addresses. That address was never the Service's. */
function wasOurs(address: Address, facts: PublicationFacts): boolean {
  return hasOurCondition(facts.service) ? wasGiven(address, facts.service) : isOwn(address, facts);
}

function releaseEvents(gone: readonly Address[]): ServiceEvent[] {
  const texts = [...new Set(gone.map(formatAddress))];
  return texts.length > 0 ? [event('Normal', 'ReleaseIP', `released ${texts.join(', ')}`)] : [];
}

function isOneOf(addresses: readonly Address[], address: Address): boolean {
  return addresses.some((one) => sameAddress(one, address));
}

function event(type: ServiceEvent['type'], reason: Reason, message: string): ServiceEvent {
  return { type, reason, action: reason === 'ReleaseIP' ? 'Release' : 'Assign', message };
}
