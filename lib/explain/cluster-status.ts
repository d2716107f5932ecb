/** The state of Skycap in a cluster at a glance, from the objects as read: problems, Services without an address, pools, nodes. PURE. */
import { isLayer2 } from '../api/eip/eip.ts';
import type { EipObject, EipProtocol } from '../api/eip/eip-types.ts';
import { ADDRESS_ASSIGNED_CONDITION } from '../api/keys.ts';
import { keyOf } from '../api/meta/object.ts';
import type { Service } from '../api/service/service.ts';
import type { SpeakerObject } from '../api/skycap/speaker-types.ts';
import { type ClusterRead, type Unread, unreadIn } from '../snapshot/cluster-read.ts';
import { type Problem, problemsIn } from './problems.ts';

export type StatusKinds = 'services' | 'eips' | 'bgpConfs' | 'bgpPeers' | 'speakers' | 'nodes';

export interface PendingService {
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
}

export interface ClusterStatus {
  readonly problems: readonly Problem[];
  readonly pending: readonly PendingService[];
  readonly pools: readonly PoolUse[];
  readonly nodes: readonly NodeUse[];
  /** Services with an address of Skycap. */
  readonly assigned: number;
  readonly unread: readonly Unread[];
}

export function clusterStatus(cluster: ClusterRead<StatusKinds>): ClusterStatus {
  const { services, eips, speakers, nodes } = cluster;
  const assignments = services.items.flatMap((service) => {
    const condition = service.status?.conditions?.find(({ type }) => type === ADDRESS_ASSIGNED_CONDITION);
    return condition ? [{ service, condition }] : [];
  });
  const pending = assignments.filter(({ condition }) => condition.status !== 'True');
  const byNode = new Map(speakers.items.map((speaker) => [speaker.metadata.name ?? '', speaker]));
  const names = new Set([...nodes.items.map(({ metadata }) => metadata.name ?? ''), ...byNode.keys()]);
  return {
    problems: problemsIn(cluster),
    pending: pending.map(({ service, condition: { reason, message, lastTransitionTime } }) => ({
      service: keyOf(service as Service),
      reason,
      message,
      since: lastTransitionTime,
    })),
    pools: eips.items.map(poolUse),
    nodes: [...names].sort().map((name) => nodeUse(name, byNode.get(name))),
    assigned: assignments.length - pending.length,
    unread: unreadIn(cluster),
  };
}

function poolUse({ metadata, spec, status }: EipObject): PoolUse {
  const { poolSize: size = 0, usage: used = 0, waiting = 0, reserved = 0 } = status ?? {};
  const protocol = isLayer2({ protocol: (spec?.protocol ?? 'bgp') as EipProtocol }) ? 'layer2' : 'bgp';
  const free = Math.max(0, size - used - reserved);
  return { eip: metadata.name ?? '', address: spec?.address ?? '', protocol, used, size, free, waiting };
}

function nodeUse(node: string, speaker: SpeakerObject | undefined): NodeUse {
  if (!speaker) {
    const message = 'no speaker has reported: look at the DaemonSet skycap-speaker';
    return { node, bgpAddresses: 0, layer2Addresses: 0, ready: false, message };
  }
  const {
    establishedSessions = 0,
    totalSessions = 0,
    announcedAddresses = 0,
    layer2AddressCount = 0,
    conditions = [],
  } = speaker.status ?? {};
  const ready = conditions.find(({ type }) => type === 'Ready');
  return {
    node,
    sessions: { established: establishedSessions, total: totalSessions },
    bgpAddresses: announcedAddresses,
    layer2Addresses: layer2AddressCount,
    ready: ready?.status === 'True',
    message: ready?.message ?? 'the speaker has not reported yet',
  };
}
