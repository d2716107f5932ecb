/**
 * Decides the state of a Service for an Assignment: annotations, label, status, conditions, and the Events about the change. PURE.
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
import type { HeldAddress } from '../../lib/ipam/choice/held-address.ts';
import { annotatedAddresses } from '../../lib/ipam/claims/service-claims.ts';
import { type Address, formatAddress, parseAddress, sameAddress } from '../../lib/net/address.ts';
import { type Assignment, describe, isUsed } from '../assignment/decide-assignment.ts';
import { waitingSinceOf } from '../assignment/waiting-list.ts';
import type { ServiceEvent } from '../deps.ts';
import { announcedDelayMs } from './announced-delay.ts';
import { ingressOf, withOwnEntries } from './ingress.ts';

export interface PublicationFacts {
  readonly service: Service;
  readonly heldAddresses: readonly HeldAddress[];
  /** The token to stand on a Service that has an address. */
  readonly token: string;
  /** The condition about the announcement of these addresses. */
  readonly announcedOf: (addresses: readonly Address[]) => ConditionUpdate | undefined;
  /** Why annotations for BGP have no effect on the routes of these addresses. */
  readonly routeOverridesOf: (addresses: readonly Address[]) => ConditionUpdate | undefined;
  /** Another Service has a claim on the address, and this one has not. */
  readonly isTakenByOthers: (address: Address) => boolean;
  /** An Eip has the address. */
  readonly isOfEip: (address: Address) => boolean;
  /** Ours because there is a default Eip, or was when it got its address. */
  readonly isByDefault: boolean;
  /** `skycap.io/waiting-since` for a Service that has to wait; used only where none stands there. */
  readonly waitsSince: string;
}

export interface Publication {
  readonly managedMetadata: ManagedMetadata;
  /** All of it, with the entries of others. */
  readonly ingress: readonly LoadBalancerIngress[];
  /** Our addresses in it. */
  readonly addresses: readonly Address[];
  /** Conditions; none of ours beside them and the next is to stand there. */
  readonly verdicts: readonly ConditionUpdate[];
  /** The condition about who announces: goes along with whatever else is written; 'as it is' where it is not known yet, none without an address. */
  readonly announced?: ConditionUpdate | 'as it is';
  /** To be recorded after the patch. */
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

/** An annotation for BGP came to have no effect, or for another reason than before. */
function overrideEvents({ status }: Service, verdict: ConditionUpdate | undefined): ServiceEvent[] {
  const former = status?.conditions?.find(({ type }) => type === ROUTE_OVERRIDES_CONDITION);
  return verdict && former?.reason !== verdict.reason ? [event('Warning', verdict.reason, verdict.message)] : [];
}

/**
 * `announced/reconcile-announced.ts` handles changes that may pass by themselves, and changes with an Event: a node takes an address of layer 2 only once it is published.
 */
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

/** By the condition about who announces. */
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

/** Asks for no particular load balancer, and has one. */
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
 * The Service stopped being ours: nothing of ours stays, and nothing of others' goes. While our condition stands, what it names and what the Service publishes of
 * our Eips is ours though nothing else tells of it any more: marks may be forged, and the token with them that the claim would be known by; claims and
 * Eips may be gone.
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

/** The addresses that the Service was given, by its annotation and its condition. */
function givenBefore(service: Service): readonly Address[] {
  return [...annotatedAddresses(service), ...addressesInCondition(service)];
}

/** Those that it was given, as `describe` wrote them. */
function addressesInCondition({ status }: Service): Address[] {
  const condition = status?.conditions?.find(({ type }) => type === ADDRESS_ASSIGNED_CONDITION);
  const words = condition?.status === 'True' ? condition.message.split(/[\s,]+/) : [];
  return words.flatMap((word) => parseAddress(word) ?? []);
}

/** The addresses that the Service uses, and while its request is not fulfilled, other addresses of Skycap's that need not go. */
function addressesFor(facts: PublicationFacts, assignment: Assignment): Address[] {
  const used = assignment.uses.map(({ address }) => address);
  if (assignment.isComplete) return used;
  const kept = publishedAddresses(facts.service).filter(
    (address) => !isUsed(assignment.uses, address) && isOwn(address, facts) && !mustGo(address, facts, assignment),
  );
  return [...used, ...kept.filter((address, i) => kept.findIndex((other) => sameAddress(other, address)) === i)];
}

/**
 * Whether an address that the Service publishes is for us to take away. It is, where an Eip has it, where a claim tells of it, or where it was given by us or by
 * OpenELB, which leaves a label. Any other is of another controller.
 */
function isOwn(address: Address, { service, heldAddresses, isOfEip, isTakenByOthers }: PublicationFacts): boolean {
  const isHeld = heldAddresses.some((heldAddress) => sameAddress(heldAddress.address, address));
  return isHeld || isOfEip(address) || isTakenByOthers(address) || wasGiven(address, service);
}

/** By us, or by OpenELB. */
export function wasGiven(address: Address, service: Service): boolean {
  const { annotations, labels } = service.metadata;
  const isOpenElbs =
    !hasOurCondition(service) && labels?.[EIP_LABEL] !== undefined && !annotations?.[ADDRESSES_ANNOTATION];
  return isOpenElbs || isOneOf(givenBefore(service), address);
}

/**
 * Whether a published address of ours is certain to be no longer this Service's, while its wish is not fulfilled. It is, where it is replaced by another
 * of its family, or where its claim was found not to serve any more. All else stays.
 */
function mustGo(address: Address, facts: PublicationFacts, { uses }: Assignment): boolean {
  if (uses.some((use) => use.address.family === address.family)) return true;
  return facts.heldAddresses.some((heldAddress) => sameAddress(heldAddress.address, address));
}

/** Forged metadata is corrected here. */
function managedMetadataAfter(
  facts: PublicationFacts,
  assignment: Assignment,
  shown: readonly Address[],
): ManagedMetadata {
  const waitingSince = assignment.waits === 'must' ? (waitingSinceOf(facts.service) ?? facts.waitsSince) : undefined;
  const [first] = assignment.uses;
  if (!first && shown.length === 0) return { waitingSince };
  const addresses = shown.map(formatAddress).join(',');
  // An address of Skycap's is published that the Service does not hold: token and label, which tell of its origin, are left for when more is known.
  const { token, eip } = first ? { token: facts.token, eip: first.eipName } : managedMetadataOf(facts.service);
  return { addresses, token, waitingSince, eip };
}

/** Events only for news: an address that the Service was not given before, or another reason than before. */
function publicationEvents(
  facts: PublicationFacts,
  assignment: Assignment,
  addresses: readonly Address[],
): ServiceEvent[] {
  const { service } = facts;
  const before = publishedAddresses(service);
  // An address that another controller took out of the status was given before, and is written again.
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

/** A Service that keeps an address has one: nothing is pending. */
function obstacleEvent({ hasAddress, reason, message }: Assignment): ServiceEvent {
  if (hasAddress) return event('Warning', reason, message);
  return event('Warning', 'AddressPending', `${reason}: ${message}`);
}

/** The create call was answered with an address that had to give way before the Service was stored. */
function lateEvents({ service, isTakenByOthers }: PublicationFacts, addresses: readonly Address[]): ServiceEvent[] {
  if (hasOurCondition(service)) return [];
  const lost = annotatedAddresses(service).filter((one) => !isOneOf(addresses, one) && isTakenByOthers(one));
  if (lost.length === 0) return [];
  const texts = lost.map(formatAddress).join(', ');
  const message = `another Service has ${texts} by now, which the annotation ${ADDRESSES_ANNOTATION} told of: the Service was stored long after its create call was answered, or the annotation was copied`;
  return [event('Warning', 'ClaimExpired', message)];
}

/** An address of an Eip that another controller has put beside Skycap's addresses was never the Service's. */
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
