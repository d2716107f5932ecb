/**
 * The status of a BgpPeer, gathered from what each node's Speaker reports: per node in OpenELB's words, and in a condition that a person
 * can read. PURE. Nothing in it ticks, so a session at rest causes no write. The number of routes changes with the Services; `enqueue.ts` gathers such changes.
 */
import type { BgpPeer } from '../../lib/api/bgp/bgp.ts';
import type { BgpPeerObject, NodePeerStatus } from '../../lib/api/bgp/bgp-types.ts';
import { bgpPeerNotes } from '../../lib/api/bgp/peer/bgp-peer-notes.ts';
import { isPortInUse } from '../../lib/api/bgp/port-in-use.ts';
import { type Protocols, protocolOffText } from '../../lib/api/eip/protocols.ts';
import { type ConditionUpdate, conditionsAfter } from '../../lib/api/meta/conditions.ts';
import { formatProblems, type Parsed, shortened } from '../../lib/api/problem.ts';
import type { RefusedPeer, SpeakerObject, SpeakerSession } from '../../lib/api/skycap/speaker-types.ts';
import { WRITABLE, writableVerdict } from './refusals.ts';
import type { Unreached } from './unreached-nodes.ts';

export interface BgpPeerFacts {
  readonly object: BgpPeerObject;
  readonly parsed: Parsed<BgpPeer>;
  readonly speakers: readonly SpeakerObject[];
  /** The BgpConf `default` is there and valid. */
  readonly hasBgpConf: boolean;
  readonly protocols: Protocols;
  /** Nodes that may announce addresses whose routes the router is to get, and that no BgpPeer for the addresses selects. */
  readonly unreached?: Unreached | undefined;
  /** The obstacle to writes of the object. */
  readonly refused?: string | undefined;
  readonly nowMs: number;
}

interface NodeSession {
  readonly node: string;
  readonly session: SpeakerSession;
}

/** Nodes listed, in order of their names: 400 bytes each, and an object may have about 1.5 MB in etcd. The condition counts all. */
export const MOST_NODES = 1_000;
/** A message names so many nodes, then counts the rest. */
const MOST_NAMED = 3;
const OWN_CONDITIONS = ['Accepted', 'Supported', 'Password', 'Established', 'NextHops', WRITABLE] as const;

export function bgpPeerStatus(facts: BgpPeerFacts): NonNullable<BgpPeerObject['status']> {
  const { object, nowMs } = facts;
  const sessions = sessionsWith(object.metadata.name ?? '', facts.speakers);
  const verdicts = [
    acceptedVerdict(facts.parsed),
    ...supportedVerdict([...bgpPeerNotes(object).missing, ...bfdOff(facts)]),
    ...passwordVerdict(facts),
    ...establishedVerdict(facts, sessions),
    ...nextHopsVerdict(facts, sessions),
    ...writableVerdict(facts.refused),
  ];
  const moment = { nowMs, generation: object.metadata.generation };
  const established = sessions.filter(({ session }) => session.state === 'Established').length;
  return {
    sessionsSummary: `${established}/${sessions.length}`,
    routesSent: routesSentTo(object.metadata.name ?? '', facts.speakers),
    nodesPeerStatus: Object.fromEntries(
      sessions.slice(0, MOST_NODES).map(({ node, session }) => [node, nodePeerStatus(session)]),
    ),
    conditions: conditionsAfter(object.status?.conditions, verdicts, OWN_CONDITIONS, moment),
  };
}

export function acceptedVerdict(parsed: Parsed<unknown>): ConditionUpdate {
  if (parsed.ok)
    return { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'every field that is set is valid' };
  return { type: 'Accepted', status: 'False', reason: 'Invalid', message: formatProblems(parsed.problems) };
}

/** @param notes sentences about fields that have their effect in another way. */
export function supportedVerdict(notes: readonly string[]): ConditionUpdate[] {
  return notes.length === 0
    ? []
    : [{ type: 'Supported', status: 'False', reason: 'Unsupported', message: notes.join('; ') }];
}

function bfdOff({ parsed, protocols }: BgpPeerFacts): string[] {
  const isLacking = parsed.ok && parsed.value.bfd && !protocols.has('bfd');
  return isLacking ? [`spec.bfd: ${protocolOffText('bfd')}`] : [];
}

function sessionsWith(peer: string, speakers: readonly SpeakerObject[]): NodeSession[] {
  return speakers
    .flatMap((speaker) => {
      const ofPeer = speaker.status?.sessions?.filter((candidate) => candidate.peer === peer) ?? [];
      // Several where routers connect by themselves: a node has a session where any is up.
      const session = ofPeer.find(({ state }) => state === 'Established') ?? ofPeer[0];
      return session ? [{ node: speaker.metadata.name ?? '', session }] : [];
    })
    .sort((a, b) => (a.node < b.node ? -1 : 1));
}

/** Of all nodes together, as the router counts them. */
function routesSentTo(peer: string, speakers: readonly SpeakerObject[]): number {
  const sessions = speakers.flatMap(({ status }) => status?.sessions ?? []).filter((session) => session.peer === peer);
  return sessions.reduce((sum, { routesSent }) => sum + routesSent, 0);
}

/** Zero values are written too: OpenELB left them out, and its consoles read what is there. */
function nodePeerStatus(session: SpeakerSession): NodePeerStatus {
  const { state, since, keepaliveSeconds, holdTimeSeconds } = session;
  const sessionState = state.toUpperCase() as NonNullable<NonNullable<NodePeerStatus['peerState']>['sessionState']>;
  return {
    peerState: {
      neighborAddress: session.neighborAddress,
      peerAs: session.neighborAs,
      localAs: session.localAs,
      // 1 is eBGP.
      peerType: session.neighborAs === session.localAs ? 0 : 1,
      ...(session.neighborRouterId !== undefined && { routerId: session.neighborRouterId }),
      sessionState,
      adminState: session.disabled ? 'DOWN' : 'UP',
    },
    timersState: {
      ...(keepaliveSeconds !== undefined && { keepaliveInterval: String(keepaliveSeconds) }),
      ...(holdTimeSeconds !== undefined && { negotiatedHoldTime: String(holdTimeSeconds) }),
      ...(since !== undefined && (state === 'Established' ? { uptime: since } : { downtime: since })),
    },
  };
}

/** The first that applies: what makes sessions impossible or unwanted comes before their states. */
function establishedVerdict(facts: BgpPeerFacts, sessions: readonly NodeSession[]): ConditionUpdate[] {
  const { parsed, hasBgpConf, protocols } = facts;
  if (!protocols.has('bgp')) return [down('ProtocolOff', protocolOffText('bgp'))];
  if (parsed.ok && parsed.value.announcedByCni) {
    return [down('AnnouncedByCni', 'a label says that a CNI speaks with this router, so Skycap does not')];
  }
  if (parsed.ok && parsed.value.disabled) {
    return [down('PeerDisabled', 'spec.conf.adminDown is true; set it to false to have sessions')];
  }
  const withSession = new Set(sessions.map(({ node }) => node));
  const refusals = refusalsOf(facts).filter(
    ({ node, reason }) => reason !== 'PasswordNotFound' || !withSession.has(node),
  );
  if (sessions.length === 0) {
    if (!parsed.ok) return [down('Invalid', formatProblems(parsed.problems))];
    return [refusals[0] ? down(refusals[0].reason, refusedText(refusals)) : noSessions(hasBgpConf)];
  }
  const without = refusals.length > 0 ? `; ${refusedText(refusals)}` : '';
  const established = sessions.filter(({ session }) => session.state === 'Established');
  const count = `${established.length} of ${sessions.length} nodes`;
  const listing = sessions.length > MOST_NODES ? `; status.nodesPeerStatus lists the first ${MOST_NODES} by name` : '';
  if (established.length === sessions.length) {
    const message = `${count}${without}${listing}`;
    return [{ type: 'Established', status: 'True', reason: 'SessionsEstablished', message }];
  }
  const others = sessions.filter(({ session }) => session.state !== 'Established');
  const isTaken = others.every(({ session }) => isPortInUse(session.lastError));
  return [down(isTaken ? 'PortInUse' : 'SessionsDown', `${count}; ${named(others)}${without}${listing}`)];
}

/** Said only where a Secret can not be read. */
function passwordVerdict(facts: BgpPeerFacts): ConditionUpdate[] {
  const refusals = refusalsOf(facts).filter(({ reason }) => reason === 'PasswordNotFound');
  if (refusals.length === 0) return [];
  const message = byNode(refusals, (names, why) => `${names}: ${why}`);
  return [{ type: 'Password', status: 'False', reason: 'PasswordNotFound', message }];
}

/** Said only where paths are missing. */
function nextHopsVerdict({ unreached, protocols }: BgpPeerFacts, sessions: readonly NodeSession[]): ConditionUpdate[] {
  if (!protocols.has('bgp')) return [];
  if (!unreached) return noAddPath(sessions.filter(({ session }) => session.sendsOnePath));
  const [nodes, eips] = [unreached.nodes, unreached.eips].map((names) =>
    shortened(names, MOST_NAMED, String).join(', '),
  );
  const message = `routers get no route by the nodes ${nodes}, which may announce addresses of Eips ${eips}: no BgpPeer for these Eips selects the nodes; widen spec.nodeSelector and add the nodes as neighbours at the router, write nextHops: AllNodes if the router takes several paths (ADD-PATH), or exclude the nodes by spec.nodeSelector of the Eips`;
  return [{ type: 'NextHops', status: 'False', reason: 'NodeNotSelected', message }];
}

function noAddPath(sessions: readonly NodeSession[]): ConditionUpdate[] {
  if (sessions.length === 0) return [];
  const nodes = shortened(sessions, MOST_NAMED, ({ node }) => node).join(', ');
  const message = `the router takes one path for an address from ${nodes}: it has not offered ADD-PATH (RFC 7911); switch ADD-PATH on at the router, or write nextHops: Self and make every node a neighbour`;
  return [{ type: 'NextHops', status: 'False', reason: 'NoAddPath', message }];
}

interface NodeRefusal extends RefusedPeer {
  readonly node: string;
}

function refusalsOf({ object, speakers }: BgpPeerFacts): NodeRefusal[] {
  return speakers
    .flatMap(({ metadata, status }) => {
      const refusal = status?.refusedPeers?.find(({ peer }) => peer === object.metadata.name);
      return refusal ? [{ ...refusal, node: metadata.name ?? '' }] : [];
    })
    .sort((a, b) => (a.node < b.node ? -1 : 1));
}

function refusedText(refusals: readonly NodeRefusal[]): string {
  return byNode(refusals, (names, why) => `${names}: no session, ${why}`);
}

/** The same sentence of several nodes is said once. */
function byNode(refusals: readonly NodeRefusal[], text: (names: string, why: string) => string): string {
  const byMessage = Map.groupBy(refusals, ({ message }) => message);
  return shortened([...byMessage], MOST_NAMED, ([message, nodes]) => {
    return text(shortened(nodes, MOST_NAMED, ({ node }) => node).join(', '), message);
  }).join('; ');
}

function noSessions(hasBgpConf: boolean): ConditionUpdate {
  if (!hasBgpConf) {
    return down(
      'NoBgpConf',
      'there is no valid BgpConf named default; create or mend it, with the AS number of the nodes',
    );
  }
  return down(
    'NoSessions',
    'no node has a session with it; look whether spec.nodeSelector matches nodes with a speaker',
  );
}

function down(reason: ConditionUpdate['reason'], message: string): ConditionUpdate {
  return { type: 'Established', status: 'False', reason, message };
}

/** The same of several nodes is said once. */
function named(sessions: readonly NodeSession[]): string {
  const textOf = ({ session: { state, lastError } }: NodeSession): string =>
    `${state}${lastError ? `, ${lastError}` : ''}`;
  return shortened([...Map.groupBy(sessions, textOf)], MOST_NAMED, ([text, nodes]) => {
    return `${shortened(nodes, MOST_NAMED, ({ node }) => node).join(', ')}: ${text}`;
  }).join('; ');
}
