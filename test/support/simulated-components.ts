/**
 * The components on a changed cluster, for comparison with a simulation: the allocator's state and reconcile, the speakers' snapshots and plans, and nodes that act on layer 2 in the order
 * that a test gives. Every component has seen the cluster before the change.
 */

import { KnownPolicy } from '../../lib/announce/known-policy.ts';
import { isInMaintenance, isNodeReady, nodeState } from '../../lib/announce/node-state.ts';
import { SliceIndex } from '../../lib/announce/slice-index.ts';
import { DEFAULT_MAINTENANCE } from '../../lib/api/bgp/maintenance.ts';
import { parseBgpConf } from '../../lib/api/bgp/parse-bgp-conf.ts';
import { EIP_LABEL } from '../../lib/api/keys.ts';
import { jsonKey } from '../../lib/api/meta/json-key.ts';
import { type KubeObject, keyOf } from '../../lib/api/meta/object.ts';
import { withManagedMetadata } from '../../lib/api/service/managed-metadata.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { SpeakerObject, SpeakerSession } from '../../lib/api/skycap/speaker-types.ts';
import { decideWithdrawal } from '../../lib/bgp/maintenance/decide-withdrawal.ts';
import { sharedPaths } from '../../lib/bgp/maintenance/shared-paths.ts';
import { asksForAllNodes } from '../../lib/bgp/next-hops.ts';
import { limitsAnnouncers } from '../../lib/bgp/other-nodes.ts';
import { makePlan, type Planned } from '../../lib/bgp/plan.ts';
import type { World } from '../../lib/explain/simulation/world.ts';
import { compareWaiting, waitingOf, waitingSinceOf } from '../../lib/ipam/assignment/waiting-list.ts';
import { decideOwnership, type Layer2Node } from '../../lib/layer2/decide-owner.ts';
import { formatAddress } from '../../lib/net/address.ts';
import { KnownEips } from '../../lib/snapshot/known-eips.ts';
import { type Snapshot, takeSnapshot } from '../../lib/snapshot/snapshot.ts';
import { slimSpeaker } from '../../speaker/cluster/trim-objects.ts';
import { OtherNodes } from '../../speaker/l2/peers/other-nodes.ts';
import { apiServer, CLAIM_CRD, EIP_CRD, type HandStores, handStores } from '../unit/allocator/builders.ts';
import { lookAt, worldOf } from '../unit/allocator/decide.ts';
import { layer2Addresses } from './layer2-builders.ts';
import { objects } from './speaker-builders.ts';

const STORE_OF = {
  services: 'services',
  namespaces: 'namespaces',
  eips: 'eips',
  eipClaims: 'claims',
  endpointSlices: 'labelledSlices',
  nodes: 'nodes',
  bgpPeers: 'bgpPeers',
  bgpConfs: 'bgpConfs',
  speakers: 'speakers',
} as const;

const MOST_ROUNDS = 30;

/** @returns the cluster with the Services as the allocator leaves them. */
export async function allocated(before: World, after: World): Promise<World> {
  const stores = handStores();
  for (const [kind, store] of Object.entries(STORE_OF)) fill(stores, store, before[kind as keyof typeof STORE_OF]);
  const cluster = worldOf(stores);
  for (const [kind, store] of Object.entries(STORE_OF)) {
    const left = new Set(after[kind as keyof typeof STORE_OF].map(keyOf));
    for (const one of before[kind as keyof typeof STORE_OF]) {
      if (!left.has(keyOf(one))) (stores[store] as never as { remove(one: unknown): void }).remove(one);
    }
    fill(stores, store, after[kind as keyof typeof STORE_OF]);
  }
  const names = before.eips.map(keyOf);
  const isSure = await cluster.eips.confirm(
    names,
    apiServer(EIP_CRD, CLAIM_CRD, ...after.eips),
    new AbortController().signal,
  );
  if (!isSure) throw new Error('Cannot confirm the Eips');
  collectStrays(stores);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let isSame = true;
    for (const key of inOrder(stores)) {
      const service = stores.services.get(key)!;
      const { view, assignment, decision } = lookAt(service, cluster, stores);
      const used = (assignment?.uses ?? []).map(({ address }) => formatAddress(address));
      const now: Service = {
        ...withManagedMetadata(service, decision.managedMetadata),
        status: { ...service.status, loadBalancer: { ingress: decision.ingress } },
      };
      if (textOf(now) !== textOf(service)) {
        isSame = false;
        stores.services.put({ ...now, metadata: { ...now.metadata, resourceVersion: `${round + 2}` } });
      }
      for (const held of view.heldAddresses) {
        if (!used.includes(formatAddress(held.address))) leave(stores, held.claim.metadata.name ?? '', service);
      }
    }
    if (isSame) return { ...after, services: [...stores.services.values()] };
  }
  throw new Error('Cannot settle: the allocator goes on');
}

function fill(stores: HandStores, store: keyof HandStores, items: readonly KubeObject[]): void {
  for (const one of items) (stores[store] as never as { put(one: unknown): void }).put(one);
}

function textOf({ metadata, status }: Service): string {
  return JSON.stringify([metadata.labels, metadata.annotations, status?.loadBalancer]);
}

function collectStrays(stores: HandStores): void {
  for (const claim of [...stores.claims.values()]) {
    for (const { namespace, name = '' } of claim.spec.holders) {
      if (!stores.services.get(`${namespace}/${name}`))
        leave(stores, claim.metadata.name ?? '', { metadata: { namespace, name } });
    }
  }
}

function leave(stores: HandStores, claimName: string, { metadata: { namespace, name } }: Service): void {
  const claim = stores.claims.get(claimName);
  if (!claim) return;
  const holders = claim.spec.holders.filter((one) => one.namespace !== namespace || one.name !== name);
  if (holders.length === 0) stores.claims.remove(claim);
  else {
    const resourceVersion = `${Number(claim.metadata.resourceVersion ?? '0') + 1}`;
    stores.claims.put({ ...claim, metadata: { ...claim.metadata, resourceVersion }, spec: { ...claim.spec, holders } });
  }
}

function inOrder(stores: HandStores): string[] {
  const all = [...stores.services.values()];
  const having = all.filter((one) => publishedAddresses(one).length > 0).map(keyOf);
  const waiting = all
    .filter((one) => publishedAddresses(one).length === 0)
    .map((one) => waitingOf(one, waitingSinceOf(one) ?? one.metadata.creationTimestamp, false));
  return [...having.sort(), ...waiting.sort(compareWaiting).map(({ key }) => key)];
}

export interface Announced {
  /** `node/peer`, of sessions that carry routes. */
  readonly sessions: readonly string[];
  /** `peer prefix` → nodes. */
  readonly paths: ReadonlyMap<string, readonly string[]>;
  /** Of layer 2. */
  readonly owners: ReadonlyMap<string, string>;
}

/** @param order the order in which nodes act on layer 2: numbers from 0 to 1, used again and again. */
export function announced(before: World, after: World, order: readonly number[]): Announced {
  const running = after.speakers.filter(({ metadata }) => {
    const node = after.nodes.find((one) => one.metadata.name === metadata.name);
    const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready');
    return node !== undefined && ready?.status !== 'Unknown';
  });
  const names = running.map(({ metadata }) => metadata.name ?? '');
  const known = new Map(names.map((name) => [name, new KnownEips()]));
  const former = new Map(names.map((name) => [name, sessionsIn(snapshotOf(before, name, known.get(name)!))]));
  const snapshots = new Map(names.map((name) => [name, snapshotOf(after, name, known.get(name)!)]));
  const said = running.map((speaker): SpeakerObject => {
    const name = speaker.metadata.name ?? '';
    const was = former.get(name)!;
    const sessions = [...sessionsIn(snapshots.get(name)!)].flatMap(([peer, { key, disabled }]): SpeakerSession[] => {
      const isSame = was.get(peer)?.key === key && !was.get(peer)?.disabled;
      const wasUp = speaker.status?.sessions?.some((one) => one.peer === peer && one.state === 'Established');
      const isUp = !disabled && (!isSame || wasUp === true);
      const session = { peer, neighborAddress: '', neighborAs: 1, localAs: 1, routesSent: 0, disabled };
      return isUp ? [{ ...session, state: 'Established' }] : [];
    });
    return { ...speaker, status: { ...speaker.status, sessions, establishedSessions: sessions.length } };
  });
  const paths = new Map<string, Set<string>>();
  for (const speaker of said)
    notePaths(speaker, planOf(snapshots.get(speaker.metadata.name ?? '')!, said, after), paths);
  return {
    sessions: said.flatMap(({ metadata, status }) =>
      (status?.sessions ?? []).map(({ peer }) => `${metadata.name}/${peer}`),
    ),
    paths: new Map([...paths].map(([key, nodes]) => [key, [...nodes].sort()])),
    owners: ownersAmong(said, after, snapshots.get(names[0] ?? '') ?? snapshotOf(after, '', new KnownEips()), order),
  };
}

function snapshotOf(world: World, nodeName: string, knownEips: KnownEips): Snapshot {
  const services = world.services.filter(({ metadata }) => metadata.labels?.[EIP_LABEL] !== undefined);
  const sources = {
    nodes: objects(world.nodes),
    services: objects(services),
    labelledSlices: objects(world.endpointSlices),
    foreignSlices: objects<World['endpointSlices'][number]>([]),
    eips: objects(world.eips),
    bgpConfs: objects(world.bgpConfs),
    bgpPeers: objects(world.bgpPeers),
    configMaps: objects(world.configMaps),
  };
  const knownPolicy = new KnownPolicy('skycap-system');
  return takeSnapshot({ nodeName, sources, slices: new SliceIndex(sources), knownEips, knownPolicy })!;
}

function sessionsIn(snapshot: Snapshot): Map<string, { readonly key: string | undefined; readonly disabled: boolean }> {
  const planned = makePlan(snapshot);
  if (planned.kind !== 'plan') return new Map();
  const { routerId, sessions } = planned.plan.bgp;
  return new Map(
    sessions.map(({ description: _, bfd: __, ...one }) => [
      one.peer,
      { key: jsonKey([routerId, one]), disabled: one.disabled },
    ]),
  );
}

function planOf(snapshot: Snapshot, said: readonly SpeakerObject[], world: World): Planned {
  const conf = snapshot.bgpConf && parseBgpConf(snapshot.bgpConf);
  const settings = conf?.ok ? conf.value.maintenance : DEFAULT_MAINTENANCE;
  const self = nodeState(snapshot.nodeName, snapshot.node);
  const statuses = new Map(said.map(({ metadata, status }) => [metadata.name, status]));
  const isShared = sharedPaths(snapshot, world.nodes, statuses);
  const nodes = new Map(
    world.nodes.map((object) => {
      const node = nodeState(object.metadata.name ?? '', object);
      const status = statuses.get(node.name);
      const hasRouter = (status?.establishedSessions ?? 0) > 0 || isShared(node);
      const canAnnounce = isNodeReady(object) && status !== undefined && hasRouter;
      return [node.name, { node, canAnnounce, inMaintenance: isInMaintenance(node, settings) }] as const;
    }),
  );
  const maintenance = isInMaintenance(self, settings) && {
    ...decideWithdrawal({ snapshot, self, nodes, minimumNodes: settings.minimumNodes }),
    isDraining: false,
    drainsUntilMs: 0,
  };
  const byName = new Map(world.nodes.map((one) => [one.metadata.name ?? '', one]));
  const live = new Set(said.map(({ metadata }) => metadata.name ?? ''));
  const fleet = { speakers: said.map(slimSpeaker), node: (name: string) => byName.get(name), live };
  const asks = asksForAllNodes(snapshot.bgpPeers) || limitsAnnouncers(snapshot);
  return makePlan({
    ...snapshot,
    ...(maintenance && { maintenance }),
    ...(asks && { others: new OtherNodes().take(fleet, snapshot) }),
  });
}

function notePaths({ metadata, status }: SpeakerObject, planned: Planned, paths: Map<string, Set<string>>): void {
  if (planned.kind !== 'plan') return;
  const { bgp } = planned.plan;
  for (const session of bgp.sessions) {
    if (!status?.sessions?.some(({ peer }) => peer === session.peer)) continue;
    const families = session.channels.map(({ family }) => family);
    const sets = session.nextHops
      ? (bgp.paths ?? []).map(({ node, groups }) => ({ via: node.name, groups }))
      : [{ via: metadata.name ?? '', groups: bgp.routes }];
    for (const { via, groups } of sets) {
      for (const { peers, blocks } of groups) {
        if (peers && !peers.includes(session.peer)) continue;
        for (const { family, prefixes } of blocks) {
          for (const prefix of families.includes(family) ? prefixes : []) {
            const key = `${session.peer} ${prefix}`;
            paths.set(key, (paths.get(key) ?? new Set()).add(via));
          }
        }
      }
    }
  }
}

function ownersAmong(
  said: readonly SpeakerObject[],
  world: World,
  snapshot: Snapshot,
  order: readonly number[],
): ReadonlyMap<string, string> {
  const wanted = layer2Addresses(snapshot);
  const names = said.map(({ metadata }) => metadata.name ?? '').sort();
  const nodes = new Map<string, Layer2Node>(
    said.map(({ metadata: { name = '' }, status }) => [
      name,
      {
        ...{
          live: true,
          heard: true,
          stopping: false,
          unable: new Set(status?.layer2Unable),
          yields: new Set<string>(),
        },
        node: nodeState(
          name,
          world.nodes.find(({ metadata }) => metadata.name === name),
        ),
        holds: new Set((status?.layer2Addresses ?? []).map(({ address }) => address)),
      },
    ]),
  );
  let quiet = 0;
  for (let turn = 0; quiet < 3 * names.length && turn < 2_000; turn++) {
    // Some turns in the order of the test, and every node in turn beside them, so that none is forgotten.
    const at = turn % 2 === 0 ? Math.floor((order[turn % order.length] ?? 0) * names.length) : turn >> 1;
    const self = names[at % names.length]!;
    const held = new Set([...nodes.values()].flatMap(({ holds }) => [...holds]));
    const probed = new Map([...wanted.keys()].map((text) => [text, held.has(text) ? 'answered' : 'free'] as const));
    const decisions = decideOwnership({
      ...{ self, nodes, wanted, probed, cutOff: false, partitionConflicts: new Set<string>(), settled: true },
    });
    const answering = decisions.filter(({ action }) => action === 'hold' || action === 'take');
    const holds = new Set(answering.map(({ text }) => text));
    const yields = new Set(answering.flatMap(({ text, action, other }) => (action === 'hold' && other ? text : [])));
    const was = nodes.get(self)!;
    const isSame =
      jsonKey([...was.holds].sort()) === jsonKey([...holds].sort()) &&
      jsonKey([...was.yields].sort()) === jsonKey([...yields].sort());
    quiet = isSame ? quiet + 1 : 0;
    nodes.set(self, { ...was, holds, yields });
  }
  return new Map([...nodes].flatMap(([name, { holds }]) => [...holds].map((text) => [text, name] as const)));
}
