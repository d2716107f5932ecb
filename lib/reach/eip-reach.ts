/**
 * Computes from Nodes and Speakers which nodes announce the addresses of an Eip, or can, and the obstacle of each other node. PURE. Endpoints belong to each Service
 * (`service-reach.ts`).
 */
import { nodeRefusal } from '../announce/eligible.ts';
import type { NodeState } from '../announce/node-state.ts';
import { type Eip, isLayer2 } from '../api/eip/eip.ts';
import { selectsPeer } from '../api/eip/eip-bgp.ts';
import { type Protocols, protocolOf } from '../api/eip/protocols.ts';
import type { Reason } from '../api/reasons.ts';
import { SAFE_TO_REBOOT, type SpeakerObject, type SpeakerSession } from '../api/skycap/speaker-types.ts';
import type { Family } from '../net/address.ts';
import { type AddressRange, firstAddress } from '../net/range.ts';
import { type CalicoShare, calicoShare } from './calico.ts';

/**
 * The obstacles for a node, in the order of the checks. The condition has the reason of the node that comes furthest: where one node is excluded and the other has no
 * interface, the missing interface is the reason.
 */
const STANDINGS = [
  'NoSpeaker',
  'ProtocolOff',
  'NodeLeaving',
  'NodeExcluded',
  'NodeNotSelected',
  'NodeHasNoAddressOfFamily',
  'NoInterface',
  'PacketSocketDenied',
  // The obstacles of a Service. For the obstacles above, a node with an endpoint ranks like any other.
  'NoLocalEndpoints',
  'NoEndpoints',
  'NodeLost',
  'SpeakerStopping',
  'NodeInMaintenance',
  'NoBgpConf',
  'AnnouncedByCni',
  'NoSessions',
  /** No session of Skycap is needed. */
  'AnnouncedByCalico',
  'PeerDisabled',
  'SessionsDown',
  'PortInUse',
  'BirdUnreachable',
  /** By BGP: the node announces. On layer 2: the node can have the address. */
  'Announced',
] as const satisfies readonly Reason[];

export type Standing = (typeof STANDINGS)[number];

export interface EipReach {
  /** The obstacle of the node that comes furthest. */
  readonly standing: Standing;
  /** By the name of the node, for nodes with a speaker. */
  readonly standings: ReadonlyMap<string, Standing>;
  /** The nodes at `Announced`, sorted. */
  readonly nodes: readonly string[];
  /** The BgpPeers with a session to these nodes, sorted. */
  readonly peers: readonly string[];
  /** The addresses that Calico announces. */
  readonly calico: CalicoShare;
}

/** A node with a speaker. */
export interface SpeakerNode {
  readonly name: string;
  readonly state: NodeState;
  /** Kubernetes has lost the node. */
  readonly isLost: boolean;
  readonly status: SpeakerObject['status'];
}

export interface ReachFacts {
  readonly protocols: Protocols;
  /** An array, since it is iterated for every Eip. */
  readonly nodes: readonly SpeakerNode[];
  /** Sessions of other nodes that have a path by the node, by `nextHops: AllNodes` of their BgpPeers. */
  readonly sharedWith?: (node: SpeakerNode) => readonly SpeakerSession[];
  /** The families that sessions with a BgpPeer carry; undefined for both. */
  readonly familiesOf: (peer: string) => readonly Family[] | undefined;
  /** Of the BgpPeer; undefined if the BgpPeer has none, or is gone. */
  readonly labelsOf: (peer: string) => Readonly<Record<string, string>> | undefined;
  /** Whether there is a BgpConf `default` that is valid, and Skycap's to use. */
  readonly bgpConf: 'usable' | 'missing' | 'announcedByCni';
  /** Prefixes of addresses that Calico announces. */
  readonly calico: readonly AddressRange[];
}

export function eipReach(eip: Eip, facts: ReachFacts): EipReach {
  const standings = new Map<string, Standing>();
  const nodes: string[] = [];
  const peers = new Set<string>();
  const calico = calicoShare(facts.calico, eip.range);
  const isOff = !facts.protocols.has(protocolOf(eip));
  let best: Standing = isOff ? 'ProtocolOff' : 'NoSpeaker';
  for (const node of facts.nodes) {
    const sessions = isLayer2(eip) ? [] : sessionsFor(eip, node, facts);
    const standing = isOff ? 'ProtocolOff' : standingOf(eip, node, { sessions, calico }, facts);
    standings.set(node.name, standing);
    best = furthest(best, standing);
    if (standing !== 'Announced') continue;
    nodes.push(node.name);
    for (const { peer, state } of sessions) if (state === 'Established') peers.add(peer);
  }
  return { standing: best, standings, nodes: nodes.sort(), peers: [...peers].sort(), calico };
}

interface RoutesOfNode {
  readonly sessions: readonly SpeakerSession[];
  readonly calico: CalicoShare;
}

function standingOf(eip: Eip, node: SpeakerNode, routes: RoutesOfNode, facts: ReachFacts): Standing {
  return nodeHindrance(eip, node) ?? (isLayer2(eip) ? 'Announced' : sessionStanding(node, routes, facts));
}

export function furthest(a: Standing, b: Standing): Standing {
  return STANDINGS.indexOf(a) >= STANDINGS.indexOf(b) ? a : b;
}

/** Whether the node may have the address, without regard to endpoints. */
export function reachesEndpoints(standing: Standing): boolean {
  return furthest(standing, 'NoLocalEndpoints') === standing;
}

function nodeHindrance(eip: Eip, { state, isLost, status }: SpeakerNode): Standing | undefined {
  const refusal = nodeRefusal({
    node: state,
    eip: { ok: true, value: eip },
    address: firstAddress(eip.range),
  }) as Standing | undefined;
  if (refusal) return refusal;
  if (isLayer2(eip)) {
    if (status?.layer2Unable?.includes(eip.name)) return 'NoInterface';
    if (status?.conditions?.some(({ type, reason }) => type === 'Layer2' && reason === 'PacketSocketDenied'))
      return 'PacketSocketDenied';
  }
  if (isLost) return 'NodeLost';
  if (status?.stopping) return 'SpeakerStopping';
  return isSafeToReboot(status) ? 'NodeInMaintenance' : undefined;
}

/** The sessions that carry routes of the Eip. */
function sessionsFor({ range, bgp }: Eip, node: SpeakerNode, facts: ReachFacts): SpeakerSession[] {
  const sessions = [...(node.status?.sessions ?? []), ...(facts.sharedWith?.(node) ?? [])];
  return sessions.filter(({ peer }) => {
    const isOfFamily = facts.familiesOf(peer)?.includes(range.family) ?? true;
    return isOfFamily && selectsPeer(bgp?.peers ?? [], { name: peer, labels: facts.labelsOf(peer) });
  });
}

function sessionStanding(
  { status }: SpeakerNode,
  { sessions, calico }: RoutesOfNode,
  { bgpConf }: ReachFacts,
): Standing {
  if (sessions.length === 0) {
    if (calico === 'all') return 'AnnouncedByCalico';
    if (bgpConf === 'usable') return 'NoSessions';
    return bgpConf === 'missing' ? 'NoBgpConf' : 'AnnouncedByCni';
  }
  if (sessions.every(({ disabled }) => disabled)) return 'PeerDisabled';
  const said = status?.conditions?.find(({ type }) => type === 'SessionsEstablished');
  if (!sessions.some(({ state, disabled }) => state === 'Established' && !disabled)) {
    return said?.reason === 'PortInUse' ? 'PortInUse' : 'SessionsDown';
  }
  // The sessions are those of the last report.
  return said?.status === 'Unknown' ? 'BirdUnreachable' : 'Announced';
}

/** A node in maintenance that has withdrawn all addresses. */
function isSafeToReboot(status: SpeakerObject['status']): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === SAFE_TO_REBOOT && is === 'True') ?? false;
}

/** The conditions of a Speaker that count here. */
const REACH_REASONS: readonly string[] = ['PacketSocketDenied', 'PortInUse'] satisfies Reason[];

/** The part of a Speaker that a reach depends on. */
export function reachText({ metadata, status }: SpeakerObject): string {
  const sessions = (status?.sessions ?? []).map(({ peer, state, disabled }) => [
    peer,
    state === 'Established',
    disabled,
  ]);
  const conditions = (status?.conditions ?? []).filter(
    ({ type }) => type === 'Layer2' || type === 'SessionsEstablished',
  );
  return JSON.stringify([
    metadata.deletionTimestamp,
    sessions,
    status?.layer2Unable ?? [],
    status?.stopping ?? false,
    isSafeToReboot(status),
    conditions.map(({ type, status: is, reason }) => [type, is === 'Unknown', REACH_REASONS.includes(reason)]),
  ]);
}
