/**
 * The sessions and routes of this node by BGP, from the snapshot alone and never from former plans (calico's "node contract").
 *
 *     Snapshot ─ nodeState ─┬─ AnnouncementIndex.decide ─▶ routes
 *                           └─ desiredSessions ──────────▶ sessions
 */
import { createHash } from 'node:crypto';
import { type NodeState, nodeState } from '../announce/node-state.ts';
import { BGP_PORT, type BgpConf, type LocalAs, localAsOf } from '../api/bgp/bgp.ts';
import { parseBgpConf } from '../api/bgp/parse-bgp-conf.ts';
import { ALL_PROTOCOLS, type Protocols, protocolOffText } from '../api/eip/protocols.ts';
import type { PolicyProblem } from '../api/policy/find-policy.ts';
import type { RoutePolicy } from '../api/policy/route-policy.ts';
import { formatProblems } from '../api/problem.ts';
import type { Reason } from '../api/reasons.ts';
import { formatAddress } from '../net/address.ts';
import type { BfdNeighbor } from '../snapshot/bfd-neighbor.ts';
import type { Maintenance } from '../snapshot/maintenance.ts';
import { NO_PASSWORDS } from '../snapshot/session-passwords.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { AnnouncementIndex } from './announcement-index.ts';
import { gatherNextHops } from './next-hops.ts';
import { type NodePaths, nodePaths } from './node-paths.ts';
import { type AnnouncementBlock, type RouteGroup, routeGroups } from './routes.ts';
import { type BgpSession, desiredSessions, type RefusedPeer } from './sessions.ts';

export interface BgpPlan {
  /** IPv4 text. */
  readonly routerId: string;
  /** The node's own AS number; a session may use another. Absent where BGP is not configured. */
  readonly localAs?: number;
  readonly listenPort: number;
  readonly sessions: readonly BgpSession[];
  readonly routes: readonly RouteGroup[];
  /** For sessions with `nextHops: AllNodes`. Absent where there are none. */
  readonly paths?: readonly NodePaths[];
  readonly nodeName: string;
  /** Routers are asked to prefer other nodes (RFC 8326). */
  readonly gracefulShutdown: boolean;
  /** The policy for the routes on their way to the routers. */
  readonly policy?: RoutePolicy;
}

export interface Plan {
  readonly bgp: BgpPlan;
  /** Nodes that watch each other, for layer 2. */
  readonly bfd: readonly BfdNeighbor[];
}

/** Why there is no session at all, where that is not for want of a BgpPeer. */
export interface NoBgp {
  readonly reason: Extract<Reason, 'ProtocolOff' | 'NoBgpConf' | 'AnnouncedByCni' | 'NodeNotSelected' | 'NodeLeaving'>;
  readonly message: string;
}

export type Planned =
  | {
      readonly kind: 'plan';
      readonly plan: Plan;
      /** In the order of their addresses. */
      readonly announcements: readonly AnnouncementBlock[];
      readonly refusedPeers: readonly RefusedPeer[];
      readonly noBgp?: NoBgp;
      /** The maintenance that the plan follows. */
      readonly maintenance?: Maintenance;
      /** Why the policy is the one that was in force before. */
      readonly policyProblem?: PolicyProblem;
    }
  /**
   * The BgpConf can't be read, or its policy, and this process knows no former one. A broken object must not tear down what runs, so BIRD is left alone until
   * it is mended.
   */
  | { readonly kind: 'hold'; readonly reason: 'Invalid' | PolicyProblem['reason']; readonly message: string };

/** @param index one that was told of every change since the last plan, or a new one: the plan is the same. */
export function makePlan(
  snapshot: Snapshot,
  index = new AnnouncementIndex(),
  protocols: Protocols = ALL_PROTOCOLS,
): Planned {
  const node = nodeState(snapshot.nodeName, snapshot.node);
  const nextHops = gatherNextHops(snapshot, node);
  const announcements = index.decide(snapshot, node, nextHops);
  if (!protocols.has('bgp')) {
    return withoutBgp(snapshot, node, announcements, protocols, 'ProtocolOff', protocolOffText('bgp'));
  }
  if (!snapshot.bgpConf) {
    return withoutBgp(
      snapshot,
      node,
      announcements,
      protocols,
      'NoBgpConf',
      'there is no BgpConf named default; create one',
    );
  }
  const conf = parseBgpConf(snapshot.bgpConf);
  if (!conf.ok)
    return { kind: 'hold', reason: 'Invalid', message: `BgpConf default: ${formatProblems(conf.problems)}` };
  const localAs = localAsHere(snapshot, conf.value, node);
  if ('reason' in localAs) return withoutBgp(snapshot, node, announcements, protocols, localAs.reason, localAs.message);
  const { policy, problem, isUnknown } = snapshot.policy;
  if (problem && isUnknown) return { kind: 'hold', ...problem };
  const { sessions, refused } = desiredSessions(snapshot.bgpPeers, localAs.as, node, {
    ...conf.value,
    passwords: snapshot.passwords ?? NO_PASSWORDS,
  });
  const bgp = {
    routerId: routerIdOf(node, conf.value, localAs),
    localAs: localAs.as,
    listenPort: conf.value.listenPort,
    sessions: protocols.has('bfd') ? sessions : sessions.map(({ bfd: _, ...session }) => session),
    nodeName: node.name,
    routes: routeGroups(announcements, snapshot.bgpPeers),
    ...(nextHops && { paths: nodePaths(announcements, nextHops, snapshot.bgpPeers) }),
    gracefulShutdown: snapshot.maintenance !== undefined,
    ...(policy && { policy }),
  };
  return {
    kind: 'plan',
    plan: { bgp, bfd: bfdOf(snapshot, protocols) },
    announcements,
    refusedPeers: refused,
    ...maintenanceOf(snapshot),
    ...(problem && { policyProblem: problem }),
  };
}

function localAsHere(snapshot: Snapshot, conf: BgpConf, node: NodeState): LocalAs | NoBgp {
  if (!snapshot.node) {
    const message = `there is no Node ${node.name}; where the machine is gone for good, delete this object`;
    return { reason: 'NodeLeaving', message };
  }
  if (conf.announcedByCni) {
    return {
      reason: 'AnnouncedByCni',
      message: 'a CNI speaks BGP by BgpConf default (label openelb.kubesphere.io/cni)',
    };
  }
  const message = `BgpConf default has no AS number for node ${node.name}: its label openelb.kubesphere.io/rack names no rack of spec.asPerRack, and spec.as is not set`;
  return localAsOf(conf, node.labels) ?? { reason: 'NodeNotSelected', message };
}

function withoutBgp(
  snapshot: Snapshot,
  node: NodeState,
  announcements: readonly AnnouncementBlock[],
  protocols: Protocols,
  reason: NoBgp['reason'],
  message: string,
): Planned {
  const bgp = {
    nodeName: node.name,
    routerId: ownRouterId(node),
    listenPort: BGP_PORT,
    sessions: [],
    routes: [],
    gracefulShutdown: false,
  };
  return {
    kind: 'plan',
    plan: { bgp, bfd: bfdOf(snapshot, protocols) },
    announcements,
    refusedPeers: [],
    noBgp: { reason, message },
    ...maintenanceOf(snapshot),
  };
}

function bfdOf({ bfdNeighbors = [] }: Snapshot, protocols: Protocols): readonly BfdNeighbor[] {
  return protocols.has('bfd') ? bfdNeighbors : [];
}

function maintenanceOf({ maintenance }: Snapshot): Pick<Snapshot, 'maintenance'> {
  return maintenance ? { maintenance } : {};
}

/** As in OpenELB, `spec.routerId` is the same on every node, and not used where the AS number comes from the rack. */
function routerIdOf(node: NodeState, conf: BgpConf, localAs: LocalAs): string {
  return conf.routerId !== undefined && !localAs.fromRack ? conf.routerId : ownRouterId(node);
}

/** Four bytes that no other node has (RFC 6286 asks no more): the node's IPv4 address, or a digest of its name where it has none. */
function ownRouterId(node: NodeState): string {
  const v4 = node.addresses[4];
  if (v4) return formatAddress(v4);
  const digest = createHash('sha256').update(node.name).digest();
  return formatAddress({ family: 4, value: BigInt(digest.readUInt32BE(0) || 1) });
}
