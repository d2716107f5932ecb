/**
 * The paths that each router has, by the plans of all nodes: as the speakers make them, once maintenance has drained, addresses are handed over and sessions are up. PURE.
 */
import { isInMaintenance, isNodeReady, nodeState } from '../../../announce/node-state.ts';
import { DEFAULT_MAINTENANCE, type MaintenanceSettings } from '../../../api/bgp/maintenance.ts';
import { parseBgpConf } from '../../../api/bgp/parse-bgp-conf.ts';
import type { Reason } from '../../../api/reasons.ts';
import type { SpeakerObject, SpeakerSession } from '../../../api/skycap/speaker-types.ts';
import { type ClusterNode, decideWithdrawal } from '../../../bgp/maintenance/decide-withdrawal.ts';
import { sharedPaths } from '../../../bgp/maintenance/shared-paths.ts';
import { asksForAllNodes } from '../../../bgp/next-hops.ts';
import { limitsAnnouncers, otherNodes } from '../../../bgp/other-nodes.ts';
import type { Planned } from '../../../bgp/plan.ts';
import { type AnnouncementBlock, announcementsIn, type RouteGroup } from '../../../bgp/routes.ts';
import type { KeptAddress } from '../../../snapshot/maintenance.ts';
import type { Snapshot } from '../../../snapshot/snapshot.ts';
import { type RunningNode, runningNodes, type World } from '../world.ts';
import { carriesRoutes, type NodeSession, type NodeSessions, sessionsOf } from './node-sessions.ts';
import { sharedPlans } from './shared-plans.ts';

export interface BgpPaths {
  readonly sessions: ReadonlyMap<string, NodeSession>;
  readonly nodes: ReadonlyMap<string, NodeSessions>;
  /** Name of the BgpPeer → prefix → names of the nodes by which it has a path, sorted. */
  readonly paths: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** Text of an address → why nodes do not announce it. */
  readonly refusals: ReadonlyMap<string, ReadonlySet<Reason>>;
  /** Node in maintenance → addresses that it keeps. */
  readonly kept: ReadonlyMap<string, readonly KeptAddress[]>;
}

export function sessionKey(node: string, peer: string): string {
  return `${node}/${peer}`;
}

/** @param before the sessions before the change. */
export function bgpPaths(
  world: World,
  snapshotOf: (node: string) => Snapshot,
  before?: ReadonlyMap<string, NodeSession>,
): BgpPaths {
  const { protocols } = world.settings;
  const former = before && ((node: string, peer: string) => before.get(sessionKey(node, peer)));
  const running = runningNodes(world);
  const nodes = new Map(running.map((one) => [one.name, sessionsOf(one, snapshotOf(one.name), protocols, former)]));
  const all = [...nodes.values()].flatMap(({ sessions }) => sessions);
  const fleet = { running, nodes, speakers: running.map((one) => speakerOf(one, nodes)) };
  const paths = new Map<string, Map<string, Set<string>>>();
  const refusals = new Refusals();
  const kept = new Map<string, readonly KeptAddress[]>();
  const shared = sharedPlans(snapshotOf(''), world.settings.protocols);
  for (const one of running) {
    const snapshot = prepared(snapshotOf(one.name), one, fleet, world);
    if (snapshot.maintenance && snapshot.maintenance.kept.length > 0) kept.set(one.name, snapshot.maintenance.kept);
    for (const planned of shared.plansFor(snapshot)) {
      if (planned.kind !== 'plan') continue;
      refusals.note(planned.announcements);
      for (const session of nodes.get(one.name)!.sessions) addPaths(session, planned, paths);
    }
  }
  return {
    sessions: new Map(all.map((one) => [sessionKey(one.node, one.peer), one])),
    nodes,
    paths: new Map([...paths].map(([peer, prefixes]) => [peer, sortedPaths(prefixes)])),
    refusals: refusals.byText,
    kept,
  };
}

interface Fleet {
  readonly running: readonly RunningNode[];
  readonly nodes: ReadonlyMap<string, NodeSessions>;
  readonly speakers: readonly SpeakerObject[];
}

/** With the other nodes and this node's maintenance, as `speaker/planner.ts` adds them. */
function prepared(snapshot: Snapshot, { name }: RunningNode, fleet: Fleet, world: World): Snapshot {
  const withdrawn = withdrawalOf(snapshot, name, fleet, world);
  const maintained: Snapshot = withdrawn
    ? { ...snapshot, maintenance: { ...withdrawn, isDraining: false, drainsUntilMs: 0 } }
    : snapshot;
  if (!asksForAllNodes(snapshot.bgpPeers) && !limitsAnnouncers(snapshot)) return maintained;
  const objects = new Map(fleet.running.map((one) => [one.name, one.object]));
  const view = { speakers: fleet.speakers, node: (of: string) => objects.get(of), live: new Set(objects.keys()) };
  return { ...maintained, others: otherNodes(view, snapshot) };
}

/** @returns undefined for a node that is not in maintenance. */
function withdrawalOf(snapshot: Snapshot, name: string, fleet: Fleet, world: World) {
  const settings = settingsOf(snapshot);
  const self = nodeState(name, snapshot.node);
  if (!isInMaintenance(self, settings)) return undefined;
  const statuses = new Map(fleet.speakers.map(({ metadata, status }) => [metadata.name, status]));
  const isShared = sharedPaths(snapshot, world.nodes, statuses);
  const nodes = new Map(
    world.nodes.map((object): [string, ClusterNode] => {
      const node = nodeState(object.metadata.name ?? '', object);
      const status = statuses.get(node.name);
      const hasRouter = (status?.sessions ?? []).length > 0 || isShared(node);
      const canAnnounce = isNodeReady(object) && status !== undefined && hasRouter;
      return [node.name, { node, canAnnounce, inMaintenance: isInMaintenance(node, settings) }];
    }),
  );
  return decideWithdrawal({ snapshot, self, nodes, minimumNodes: settings.minimumNodes });
}

function settingsOf({ bgpConf }: Snapshot): MaintenanceSettings {
  const conf = bgpConf && parseBgpConf(bgpConf);
  return conf?.ok ? conf.value.maintenance : DEFAULT_MAINTENANCE;
}

/** Its report, as other nodes read it once the sessions are up. */
function speakerOf({ name }: RunningNode, nodes: Fleet['nodes']): SpeakerObject {
  const sessions = (nodes.get(name)?.sessions ?? []).filter(carriesRoutes).map(({ peer }): SpeakerSession => {
    return {
      peer,
      neighborAddress: '',
      neighborAs: 0,
      localAs: 0,
      state: 'Established',
      routesSent: 0,
      disabled: false,
    };
  });
  return { apiVersion: 'skycap.io/v1alpha1', kind: 'Speaker', metadata: { name }, status: { sessions } };
}

/** Nodes that nothing tells apart have the very same blocks, each of which is read once. */
class Refusals {
  readonly byText = new Map<string, Set<Reason>>();
  readonly #noted = new Set<AnnouncementBlock>();

  note(blocks: readonly AnnouncementBlock[]): void {
    const fresh = blocks.filter((block) => !this.#noted.has(block));
    for (const { text, reason } of announcementsIn(fresh)) {
      if (reason !== 'Announced') this.byText.set(text, (this.byText.get(text) ?? new Set()).add(reason));
    }
    for (const block of fresh) this.#noted.add(block);
  }
}

function addPaths(
  session: NodeSession,
  { plan: { bgp } }: Planned & { kind: 'plan' },
  paths: Map<string, Map<string, Set<string>>>,
): void {
  if (!carriesRoutes(session)) return;
  const prefixes = paths.get(session.peer) ?? new Map<string, Set<string>>();
  paths.set(session.peer, prefixes);
  const byNode = session.isForAllNodes
    ? (bgp.paths ?? []).map(({ node, groups }) => ({ via: node.name, groups }))
    : [{ via: session.node, groups: bgp.routes }];
  for (const { via, groups } of byNode) {
    for (const prefix of groups.flatMap((group) => prefixesFor(session, group))) {
      prefixes.set(prefix, (prefixes.get(prefix) ?? new Set()).add(via));
    }
  }
}

function prefixesFor({ peer, families }: NodeSession, { peers, blocks }: RouteGroup): string[] {
  if (peers && !peers.includes(peer)) return [];
  return blocks.flatMap(({ family, prefixes }) => (families.includes(family) ? prefixes : []));
}

function sortedPaths(prefixes: ReadonlyMap<string, ReadonlySet<string>>): ReadonlyMap<string, readonly string[]> {
  return new Map([...prefixes].map(([prefix, nodes]) => [prefix, [...nodes].sort()]));
}
