/**
 * The condition `skycap.io/Announced` of a Service: whether its addresses are announced, by which protocol, or why they are not. PURE.
 *
 * On layer 2 the condition names the owner, and by BGP the nodes if the Eip limits their number. Otherwise the condition of the Eip names the nodes and routers of BGP, and this
 * condition says only whether any node announces the address: a change of a node or a router changes no Service (docs/decisions/0012).
 */

import type { Eip } from '../api/eip/eip.ts';
import { isLayer2 } from '../api/eip/eip.ts';
import { ANNOUNCED_CONDITION } from '../api/keys.ts';
import type { ConditionUpdate } from '../api/meta/conditions.ts';
import { shortened } from '../api/problem.ts';
import type { Reason } from '../api/reasons.ts';
import type { Layer2Conflict } from '../api/skycap/speaker-types.ts';
import { type Address, formatAddress } from '../net/address.ts';
import type { EipReach, Standing } from './eip-reach.ts';
import { hindranceText, idleText, type Regarding, reasonOf } from './hindrance-text.ts';
import { chosenNodes, type SharingService, serviceReach } from './service-reach.ts';

/** The node that answers for an address, and its interface. */
export interface Owner {
  readonly node: string;
  readonly interface: string;
}

/** A machine beside Skycap that has an address, and the node that saw it. */
export type Conflict = Layer2Conflict & { readonly seenBy: string };

export interface AnnouncedFacts {
  /** Ours. */
  readonly addresses: readonly Address[];
  /** The address is in the status of the Service; nodes announce no other. */
  readonly isPublished: (address: Address) => boolean;
  /** Other controllers that overwrite the status of the Service again and again. */
  readonly contestedBy?: string;
  /** The Eip that answers for the address, as the nodes see it. */
  readonly eipOf: (address: Address) => Eip | undefined;
  readonly reachOf: (eip: Eip) => EipReach;
  readonly ownerOf: (address: Address) => Owner | undefined;
  readonly conflictsOf: (address: Address) => readonly Conflict[];
  /** The Services that publish the address, this one first. One announced Service is enough for all. */
  readonly sharersOf: (address: Address) => readonly [SharingService, ...SharingService[]];
}

/** About one address. */
export interface Finding {
  readonly address: string;
  readonly status: ConditionUpdate['status'];
  readonly reason: Reason;
  /** Continues the sentence after the address. */
  readonly text: string;
  /** Continues the message: why no endpoint is behind an announced address. */
  readonly idle?: string;
}

/** More machines than this are counted, and not named. */
const MOST_NAMED = 3;
const WORST_FIRST: readonly ConditionUpdate['status'][] = ['False', 'Unknown', 'True'];

export function announcedFindings(facts: AnnouncedFacts): Finding[] {
  return facts.addresses.map((address) => ({
    address: formatAddress(address),
    ...whileContested(findingFor(facts, address), facts),
  }));
}

/** @returns undefined without an address. */
export function announcedCondition(findings: readonly Finding[]): ConditionUpdate | undefined {
  // A Finding that is True with another reason than Announced (AddressConflict) ranks before one that is Announced.
  const byReason = findings.toSorted((a, b) => Number(a.reason === 'Announced') - Number(b.reason === 'Announced'));
  const worst = WORST_FIRST.flatMap((status) => byReason.find((one) => one.status === status) ?? []).at(0);
  if (!worst) return undefined;
  return { type: ANNOUNCED_CONDITION, status: worst.status, reason: worst.reason, message: sentencesOf(findings) };
}

/** `198.51.100.7 by bgp, see Eip web; 2001:db8::7 by layer2 from node n2, interface eth0`. */
export function sentencesOf(findings: readonly Finding[]): string {
  const byText = Map.groupBy(findings, ({ text, idle }) => (idle === undefined ? text : `${text}, but ${idle}`));
  return [...byText].map(([text, some]) => `${some.map(({ address }) => address).join(', ')} ${text}`).join('; ');
}

type FindingText = Omit<Finding, 'address'>;

/** An address is announced only while it is published, and another controller takes this one out of the status. */
function whileContested(said: FindingText, { contestedBy }: AnnouncedFacts): FindingText {
  if (contestedBy === undefined || said.status === 'False') return said;
  const text = `${said.text}, but only while it stands in status.loadBalancer, which ${contestedBy} writes over`;
  return { status: 'Unknown', reason: 'StatusContested', text };
}

function findingFor(facts: AnnouncedFacts, address: Address): FindingText {
  if (!facts.isPublished(address) && facts.contestedBy === undefined) {
    return notAnnounced('NotPublished', "is not in the Service's status, so no node announces it");
  }
  const eip = facts.eipOf(address);
  if (!eip) {
    const text = 'is in no Eip that can be read; nodes that knew one may go on with it, others do not';
    return { status: 'Unknown', reason: 'EipNotFound', text };
  }
  if (eip.announcedByCni) {
    return { status: 'Unknown', reason: 'AnnouncedByCni', text: `is for a CNI to announce, says Eip ${eip.name}` };
  }
  // Before the reports of Speakers and the endpoints: the Speaker of a lost node may still name an owner.
  if (facts.reachOf(eip).standing === 'ProtocolOff') {
    return hindered('ProtocolOff', eip, regarding(facts, address, eip));
  }
  return isLayer2(eip) ? onLayer2(facts, address, eip) : byBgp(facts, address, eip);
}

function byBgp(facts: AnnouncedFacts, address: Address, eip: Eip): FindingText {
  const of = regarding(facts, address, eip);
  const standing = bestOf(facts, address, eip);
  if (standing !== 'Announced') return hindered(standing, eip, of);
  const from =
    announcersText(facts, address, eip) ?? (of.sharer.isLocal ? ' from each node with a ready endpoint' : '');
  const text = `by bgp${from}, see Eip ${eip.name}`;
  return { status: 'True', reason: 'Announced', text, ...idlePart(idleText(of)) };
}

/** @returns undefined where every node that may announces the address. */
function announcersText({ reachOf, sharersOf }: AnnouncedFacts, address: Address, eip: Eip): string | undefined {
  const most = eip.bgp?.announcers;
  if (most === undefined) return undefined;
  const nodes = chosenNodes(reachOf(eip), formatAddress(address), most, sharersOf(address));
  return ` from ${nodes.length === 1 ? 'node' : 'nodes'} ${shortened(nodes, MOST_NAMED, (name) => name).join(', ')}`;
}

function onLayer2(facts: AnnouncedFacts, address: Address, eip: Eip): FindingText {
  const owner = facts.ownerOf(address);
  const conflicts = facts.conflictsOf(address);
  const of = regarding(facts, address, eip);
  if (owner) {
    const text = `by ${eip.protocol} from node ${owner.node}, interface ${owner.interface}`;
    const isKept = bestOf(facts, address, eip) === 'NoLocalEndpoints';
    const idle = idlePart(isKept ? hindranceText('NoLocalEndpoints', eip, of) : idleText(of));
    if (conflicts.length === 0) return { status: 'True', reason: 'Announced', text, ...idle };
    const also = `${text}, but it is not alone: ${conflictText(conflicts)}`;
    return { status: 'True', reason: 'AddressConflict', text: also, ...idle };
  }
  const standing = bestOf(facts, address, eip);
  if (standing !== 'Announced') return hindered(standing, eip, of);
  if (conflicts.length > 0) {
    return notAnnounced('AddressConflict', `by ${eip.protocol}: no node takes it, since ${conflictText(conflicts)}`);
  }
  return notAnnounced('NoOwner', `by ${eip.protocol}: no node has it yet, though nodes may; look at the speakers`);
}

/** Of the Services that share the address, the one that comes furthest. */
function bestOf({ reachOf, sharersOf }: AnnouncedFacts, address: Address, eip: Eip): Standing {
  const reach = reachOf(eip);
  const [own, ...others] = sharersOf(address);
  const standing = serviceReach(reach, eip, own);
  return others.some((other) => serviceReach(reach, eip, other) === 'Announced') ? 'Announced' : standing;
}

function regarding({ reachOf, sharersOf }: AnnouncedFacts, address: Address, eip: Eip): Regarding {
  return { sharer: sharersOf(address)[0], reach: reachOf(eip) };
}

function idlePart(idle: string | undefined): Pick<Finding, 'idle'> {
  return idle === undefined ? {} : { idle };
}

function hindered(standing: Exclude<Standing, 'Announced'>, eip: Eip, of: Regarding): FindingText {
  const text = `by ${eip.protocol}: ${hindranceText(standing, eip, of)}`;
  return { status: isUnknown(standing) ? 'Unknown' : 'False', reason: reasonOf(standing), text };
}

/** Nodes where BIRD does not answer may announce the address or not. */
export function isUnknown(standing: Standing): boolean {
  return standing === 'BirdUnreachable' || standing === 'AnnouncedByCni' || standing === 'AnnouncedByCalico';
}

function notAnnounced(reason: Reason, text: string): FindingText {
  return { status: 'False', reason, text };
}

function conflictText(conflicts: readonly Conflict[]): string {
  return shortened(conflicts, MOST_NAMED, ({ mac, interface: on, node, seenBy }) =>
    node
      ? `node ${node} has it on its interface ${on} (${mac}); remove it there`
      : `the machine ${mac} has it, seen on ${on} of ${seenBy}; find it, or take the address out of the Eip`,
  ).join('; ');
}
