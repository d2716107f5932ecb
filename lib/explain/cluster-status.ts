/** The state of Skycap in a cluster at a glance, from the objects as read: problems, Services without an address, pools, nodes. PURE. */
import { isLayer2 } from '../api/eip/eip.ts';
import type { EipObject, EipProtocol } from '../api/eip/eip-types.ts';
import { ADDRESS_ASSIGNED_CONDITION, ANNOUNCED_CONDITION } from '../api/keys.ts';
import { type Condition, keyOf } from '../api/meta/object.ts';
import type { Node, Service } from '../api/service/service.ts';
import { SAFE_TO_REBOOT, type SpeakerObject } from '../api/skycap/speaker-types.ts';
import { ENDED_TEXT, isLost, LOST_TEXT } from '../reach/heard-speaker.ts';
import { type ClusterRead, type Unread, unreadIn } from '../snapshot/cluster-read.ts';
import { INTENDED, type Problem, problemsIn } from './problems.ts';

export type StatusKinds = 'services' | 'eips' | 'bgpConfs' | 'bgpPeers' | 'speakers' | 'nodes';

export interface ServiceProblem {
  readonly service: string;
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly since: string;
}

export interface PoolUse {
  readonly eip: string;
  readonly address: string;
  readonly protocol: string;
  readonly used: number;
  readonly size: number;
  readonly free: number;
  readonly waiting: number;
}

export interface NodeUse {
  readonly node: string;
  /** Absent without a Speaker object. */
  readonly sessions?: { readonly established: number; readonly total: number };
  readonly bgpAddresses: number;
  readonly layer2Addresses: number;
  /** False if an administrator has to act. */
  readonly ready: boolean;
  readonly message: string;
  /** How far the maintenance of the node is. Absent without one. */
  readonly maintenance?: string;
}

export interface ClusterStatus {
  readonly problems: readonly Problem[];
  /** Services without an address. */
  readonly pending: readonly ServiceProblem[];
  /** Services with an address that no node announces, or that another machine has, too. */
  readonly unannounced: readonly ServiceProblem[];
  readonly pools: readonly PoolUse[];
  readonly nodes: readonly NodeUse[];
  /** Services with an address of Skycap. */
  readonly assigned: number;
  readonly unread: readonly Unread[];
}

export function clusterStatus(cluster: ClusterRead<StatusKinds>): ClusterStatus {
  const { services, eips, speakers, nodes } = cluster;
  const assignments = withCondition(services.items, ADDRESS_ASSIGNED_CONDITION);
  const pending = assignments.filter(({ condition }) => condition.status !== 'True');
  const unannounced = withCondition(services.items, ANNOUNCED_CONDITION).filter(
    ({ condition: { reason } }) => reason !== 'Announced' && !INTENDED.includes(reason),
  );
  const speakerOf = new Map(speakers.items.map((speaker) => [keyOf(speaker), speaker]));
  const nodeOf = new Map(nodes.items.map((node) => [keyOf(node), node]));
  const names = [...new Set([...nodeOf.keys(), ...speakerOf.keys()])].sort();
  const silences = new Map(names.map((name) => [name, silence(nodeOf.get(name), speakerOf.get(name))]));
  return {
    problems: [...missingKinds(cluster), ...names.flatMap((name) => silences.get(name) ?? []), ...problemsIn(cluster)],
    pending: pending.map(serviceProblem),
    unannounced: unannounced.map(serviceProblem),
    pools: eips.items.map(poolUse),
    nodes: names.map((name) => nodeUse(name, speakerOf.get(name), silences.get(name))),
    assigned: assignments.length - pending.length,
    unread: unreadIn(cluster),
  };
}

interface WithCondition {
  readonly service: Service;
  readonly condition: Condition;
}

function withCondition(services: readonly Service[], type: string): WithCondition[] {
  return services.flatMap((service) => {
    const condition = service.status?.conditions?.find((one) => one.type === type);
    return condition ? [{ service, condition }] : [];
  });
}

function serviceProblem({
  service,
  condition: { reason, message, lastTransitionTime: since },
}: WithCondition): ServiceProblem {
  return { service: keyOf(service), reason, message, since };
}

function poolUse({ metadata, spec, status }: EipObject): PoolUse {
  const { poolSize: size = 0, usage: used = 0, waiting = 0, reserved = 0 } = status ?? {};
  const protocol = isLayer2({ protocol: (spec?.protocol ?? 'bgp') as EipProtocol }) ? 'layer2' : 'bgp';
  const free = Math.max(0, size - used - reserved);
  return { eip: metadata.name ?? '', address: spec?.address ?? '', protocol, used, size, free, waiting };
}

/** First, since much else follows from it. */
function missingKinds(cluster: ClusterRead<StatusKinds>): Problem[] {
  return unreadIn(cluster)
    .filter(({ reason }) => reason === 'NotInstalled')
    .map(({ resource, message }) => ({ object: `Definition of ${resource}`, reason: 'CrdMissing', message }));
}

/** Why the last report of a Speaker counts no more. */
function silence(node: Node | undefined, speaker: SpeakerObject | undefined): Problem | undefined {
  if (node && isLost(node)) {
    return { object: `Node ${keyOf(node)}`, reason: 'NodeLost', message: LOST_TEXT };
  }
  if (!speaker?.status?.stopping) return undefined;
  return { object: `Speaker ${keyOf(speaker)}`, reason: 'SpeakerStopping', message: ENDED_TEXT };
}

function nodeUse(node: string, speaker: SpeakerObject | undefined, silent: Problem | undefined): NodeUse {
  const nothing = { node, bgpAddresses: 0, layer2Addresses: 0, ready: false };
  const { totalSessions: total = 0, conditions = [], ...counts } = speaker?.status ?? {};
  if (silent) return { ...nothing, sessions: { established: 0, total }, message: silent.message };
  if (!speaker) return { ...nothing, message: 'no speaker has reported: look at the DaemonSet skycap-speaker' };
  const { establishedSessions: established = 0, announcedAddresses = 0, layer2AddressCount = 0 } = counts;
  const ready = conditions.find(({ type }) => type === 'Ready');
  const maintenance = conditions.find(({ type }) => type === SAFE_TO_REBOOT)?.message;
  return {
    node,
    sessions: { established, total },
    bgpAddresses: announcedAddresses,
    layer2Addresses: layer2AddressCount,
    ready: ready?.status === 'True',
    message: ready?.message ?? 'the speaker has not reported yet',
    ...(maintenance !== undefined && { maintenance }),
  };
}
