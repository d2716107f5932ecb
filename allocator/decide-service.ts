/**
 * How a Service should stand after the outcome is known: its annotations, label, status, condition, and the Events that tell of the change. PURE.
 *
 * The rule above all: what is published goes only where it is certain that it must. See {@link mustGo}.
 */
import { isJudged } from '../lib/api/judged.ts';
import {
  ADDRESS_ASSIGNED_CONDITION,
  ADDRESSES_ANNOTATION,
  BY_DEFAULT_CONDITION,
  CLAIM_ANNOTATION,
  EIP_LABEL,
  SERVICE_ANNOTATIONS,
  WAITING_SINCE_ANNOTATION,
} from '../lib/api/keys.ts';
import type { Reason } from '../lib/api/reasons.ts';
import type { LoadBalancerIngress, Service } from '../lib/api/service.ts';
import type { Holding } from '../lib/ipam/holding.ts';
import { type Address, formatAddress, parseAddress, sameAddress } from '../lib/net/address.ts';
import type { Verdict } from './condition.ts';
import { describe, type Outcome } from './decide-outcome.ts';
import { annotatedAddresses } from './holdings.ts';
import { waitingSinceOf } from './waiting.ts';

export interface ServiceFacts {
  readonly service: Service;
  readonly holdings: readonly Holding[];
  /** The token to stand on a Service that has an address. */
  readonly token: string;
  /** The Eip that the Service's label names is surely deleted. */
  readonly isLabelledEipGone: boolean;
  /** Who announces these addresses. */
  readonly announcedOf: (addresses: readonly Address[]) => Verdict | undefined;
  /** Another Service has a claim on the address, and this one has not. */
  readonly isTakenByOthers: (address: Address) => boolean;
  /** Ours because there is a default Eip, or was when it got its address. */
  readonly isByDefault: boolean;
  /** `skycap.io/waiting-since` for a Service that has to wait; used only where none stands there. */
  readonly waitsSince: string;
}

/** What of ours stands on the Service; an absent value means that the key does not stand there. */
export interface Marks {
  readonly [ADDRESSES_ANNOTATION]: string | undefined;
  readonly [CLAIM_ANNOTATION]: string | undefined;
  readonly [WAITING_SINCE_ANNOTATION]: string | undefined;
  readonly [EIP_LABEL]: string | undefined;
}

export interface ServiceEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  readonly action: 'Assign' | 'Release';
  readonly message: string;
}

export interface ServiceDecision {
  readonly marks: Marks;
  readonly ingress: readonly LoadBalancerIngress[];
  /** Conditions; none of ours beside them and the next is to stand there. */
  readonly verdicts: readonly Verdict[];
  /** The condition about who announces: goes along with whatever else is written; 'as it is' where it is not known yet, none without an address. */
  readonly announced?: Verdict | 'as it is';
  /** To be told once the rest is written. */
  readonly events: readonly ServiceEvent[];
}

export function decideService(facts: ServiceFacts, outcome: Outcome): ServiceDecision {
  const verdict: Verdict = {
    type: ADDRESS_ASSIGNED_CONDITION,
    status: outcome.hasAddress ? 'True' : 'False',
    reason: outcome.reason,
    message: outcome.message,
  };
  const ingress = ingressFor(facts, outcome);
  const shown = addressesShown(facts.service, outcome, ingress);
  const announced = announcedFor(facts, shown);
  return {
    marks: marksFor(facts, outcome, ingress, shown),
    ingress,
    verdicts: facts.isByDefault ? [verdict, BY_DEFAULT] : [verdict],
    ...(announced && { announced }),
    events: eventsFor(facts, outcome, ingress),
  };
}

/** An address of layer 2 is taken by a node only once it is published: that nobody has it yet is no news. */
function announcedFor({ announcedOf }: ServiceFacts, shown: readonly Address[]): Verdict | 'as it is' | undefined {
  const verdict = announcedOf(shown);
  return verdict?.reason === 'NobodyHasIt' ? 'as it is' : verdict;
}

const BY_DEFAULT: Verdict = {
  type: BY_DEFAULT_CONDITION,
  status: 'True',
  reason: 'DefaultEip',
  message: `the Service asks for no particular load balancer, and Skycap serves those while it has a default Eip; to take it off, give it the annotation ${SERVICE_ANNOTATIONS.optIn[0]} with another value`,
};

export interface LeavingFacts extends Pick<ServiceFacts, 'service' | 'holdings'> {
  /** An Eip has the address. */
  readonly isOfEip: (address: Address) => boolean;
}

/**
 * The Service stopped being ours: nothing of ours stays, and nothing of others' goes. While our condition stands, what it names and what the Service publishes of
 * our Eips is ours though nothing else tells of it any more: marks may be forged, and the token with them that the claim would be known by; claims and
 * Eips may be gone.
 */
export function decideLeaving({ service, holdings, isOfEip }: LeavingFacts): ServiceDecision {
  const gave = [
    ...holdings.map(({ address }) => address),
    ...(isJudged(service) ? [...annotatedAddresses(service), ...addressesInCondition(service)] : []),
  ];
  const isOurs = (address: Address): boolean =>
    gave.some((one) => sameAddress(one, address)) || (isJudged(service) && isOfEip(address));
  const before = ingressOf(service);
  const ingress = before.filter(({ ip }) => {
    const address = parseAddress(ip ?? '');
    return !address || !isOurs(address);
  });
  return { marks: NO_MARKS, ingress, verdicts: [], events: releaseEvents(before, ingress) };
}

/** Those that it was given, as `describe` wrote them. */
function addressesInCondition({ status }: Service): Address[] {
  const condition = status?.conditions?.find(({ type }) => type === ADDRESS_ASSIGNED_CONDITION);
  const words = condition?.status === 'True' ? condition.message.split(/[\s,]+/) : [];
  return words.flatMap((word) => parseAddress(word) ?? []);
}

export const NO_MARKS: Marks = {
  [ADDRESSES_ANNOTATION]: undefined,
  [CLAIM_ANNOTATION]: undefined,
  [WAITING_SINCE_ANNOTATION]: undefined,
  [EIP_LABEL]: undefined,
};

function ingressFor(facts: ServiceFacts, outcome: Outcome): LoadBalancerIngress[] {
  const published = outcome.uses.map(({ address }) => entryFor(address));
  if (outcome.isComplete) return published;
  return [...published, ...ingressOf(facts.service).filter((entry) => !mustGo(entry, facts, outcome))];
}

/**
 * Whether a published address is certain to be no longer this Service's, while its wish is not fulfilled. It is, where it is replaced by another
 * of its family, where its claim was found not to serve any more, where somebody else has the claim, or where its Eip was deleted. All else, such as an
 * address that we know nothing about, stays.
 */
function mustGo(entry: LoadBalancerIngress, facts: ServiceFacts, { uses }: Outcome): boolean {
  const address = parseAddress(entry.ip ?? '');
  if (!address) return false;
  if (uses.some((use) => use.address.family === address.family)) return true;
  if (facts.holdings.some((holding) => sameAddress(holding.address, address))) return true;
  return facts.isTakenByOthers(address) || facts.isLabelledEipGone;
}

/** The marks are for people, for selectors, and for rebuilding; whoever forges them is corrected here. */
function marksFor(
  facts: ServiceFacts,
  outcome: Outcome,
  ingress: readonly LoadBalancerIngress[],
  shown: readonly Address[],
): Marks {
  const { annotations, labels } = facts.service.metadata;
  const waitingSince = outcome.waits === 'must' ? (waitingSinceOf(facts.service) ?? facts.waitsSince) : undefined;
  const [first] = outcome.uses;
  if (first) {
    return {
      [ADDRESSES_ANNOTATION]: shown.map(formatAddress).join(','),
      [CLAIM_ANNOTATION]: facts.token,
      [WAITING_SINCE_ANNOTATION]: waitingSince,
      [EIP_LABEL]: first.eipName,
    };
  }
  // Something is still published that we do not hold: what tells of its origin is left for when more is known.
  if (ingress.length > 0) {
    return {
      [ADDRESSES_ANNOTATION]: annotations?.[ADDRESSES_ANNOTATION],
      [CLAIM_ANNOTATION]: annotations?.[CLAIM_ANNOTATION],
      [WAITING_SINCE_ANNOTATION]: waitingSince,
      [EIP_LABEL]: labels?.[EIP_LABEL],
    };
  }
  return { ...NO_MARKS, [WAITING_SINCE_ANNOTATION]: waitingSince };
}

/** What it uses, and what it was given before and publishes still: when it leaves, that is how we know what was ours. */
function addressesShown(service: Service, { uses }: Outcome, ingress: readonly LoadBalancerIngress[]): Address[] {
  const ours = [...uses.map(({ address }) => address), ...annotatedAddresses(service)];
  return ingress
    .flatMap(({ ip }) => parseAddress(ip ?? '') ?? [])
    .filter((address) => ours.some((one) => sameAddress(one, address)));
}

/** Only what is news: an address that was not published before, or another reason than before. */
function eventsFor(facts: ServiceFacts, outcome: Outcome, ingress: readonly LoadBalancerIngress[]): ServiceEvent[] {
  const before = ingressOf(facts.service);
  const fresh = outcome.uses.filter(({ address }) => !before.some(({ ip }) => ip === formatAddress(address)));
  const old = facts.service.status?.conditions?.find(({ type }) => type === ADDRESS_ASSIGNED_CONDITION);
  const isNews = old?.reason !== outcome.reason || (old.status === 'True') !== outcome.hasAddress;
  return [
    ...(fresh.length > 0 ? [event('Normal', 'AssignIP', `assigned ${describe(fresh)}`)] : []),
    ...releaseEvents(before, ingress),
    ...(isNews && outcome.reason !== 'Assigned'
      ? [event('Warning', 'AddressPending', `${outcome.reason}: ${outcome.message}`)]
      : []),
  ];
}

function releaseEvents(before: readonly LoadBalancerIngress[], after: readonly LoadBalancerIngress[]): ServiceEvent[] {
  const released = before.flatMap(({ ip }) => (ip && !after.some((entry) => entry.ip === ip) ? [ip] : []));
  return released.length > 0 ? [event('Normal', 'ReleaseIP', `released ${released.join(', ')}`)] : [];
}

function event(type: ServiceEvent['type'], reason: Reason, message: string): ServiceEvent {
  return { type, reason, action: reason === 'ReleaseIP' ? 'Release' : 'Assign', message };
}

/** `VIP` said outright: kube-proxy has to take the packets that arrive for the address. */
function entryFor(address: Address): LoadBalancerIngress {
  return { ip: formatAddress(address), ipMode: 'VIP' };
}

function ingressOf(service: Service): readonly LoadBalancerIngress[] {
  return service.status?.loadBalancer?.ingress ?? [];
}
