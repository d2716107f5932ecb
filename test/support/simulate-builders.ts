/** A cluster for simulations: three nodes, one router, and what a test is about given by the caller. Services have their addresses, and sessions are up. */

import { ALL_PROTOCOLS } from '../../lib/api/eip/protocols.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { SpeakerObject, SpeakerSession } from '../../lib/api/skycap/speaker-types.ts';
import { snapshotsOf } from '../../lib/explain/simulation/announcements/node-snapshot.ts';
import { settledOwners } from '../../lib/explain/simulation/announcements/owners.ts';
import { giveAddresses } from '../../lib/explain/simulation/give-addresses.ts';
import { type Objects, type Settings, type World, worldFrom } from '../../lib/explain/simulation/world.ts';
import { aBgpConf, aBgpPeer, aNode, anEip } from './speaker-builders.ts';

export const SETTINGS: Settings = {
  unmarkedServices: 'defaultEip',
  protocols: ALL_PROTOCOLS,
  namespace: 'skycap-system',
  primaryFamily: 4,
  nowMs: Date.parse('2026-02-01T00:00:00Z'),
};

export const NODES = ['n1', 'n2', 'n3'] as const;

export interface WorldOptions extends Partial<Objects> {
  /** Labels of nodes by name. */
  readonly labels?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** `node/peer` of sessions that are down. */
  readonly down?: readonly string[];
}

export function aServiceOf(
  name: string,
  {
    annotations,
    spec,
  }: { readonly annotations?: Readonly<Record<string, string>>; readonly spec?: Service['spec'] } = {},
): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace: 'shop',
      name,
      uid: `uid-${name}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb', ...annotations },
    },
    spec: {
      type: 'LoadBalancer',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      clusterIPs: ['10.96.0.1'],
      externalTrafficPolicy: 'Cluster',
      selector: { app: name },
      ports: [{ port: 80, protocol: 'TCP' }],
      ...spec,
    },
  };
}

/** With each Service as the allocator leaves it, and each address of layer 2 at a node. */
export function aWorld(options: WorldOptions = {}): World {
  const { labels = {}, down = [], ...objects } = options;
  const nodes = objects.nodes ?? NODES.map((name, i) => readyNode(name, i + 11, labels[name]));
  const bgpPeers = objects.bgpPeers ?? [aBgpPeer('router-1')];
  const speakers = objects.speakers ?? nodes.map(({ metadata: { name = '' } }) => speakerOf(name, bgpPeers, down));
  const world = worldFrom(
    {
      services: [],
      endpointSlices: [],
      namespaces: [{ metadata: { name: 'shop' } }],
      eips: [anEip('v4')],
      eipClaims: [],
      bgpConfs: [aBgpConf()],
      serviceCidrs: [],
      configMaps: [],
      ...objects,
      nodes,
      bgpPeers,
      speakers,
    },
    SETTINGS,
  );
  const given = giveAddresses(world).world;
  const { owners } = settledOwners(given, snapshotsOf(given)(''));
  return { ...given, speakers: given.speakers.map((speaker) => holding(speaker, owners)) };
}

export function readyNode(name: string, last: number, labels: Readonly<Record<string, string>> = {}) {
  const addresses = [`192.0.2.${last}`, `fd00::${last}`].map((address) => ({ type: 'InternalIP', address }));
  const metadata = { name, uid: `uid-${name}`, labels: { 'kubernetes.io/hostname': name, ...labels } };
  return aNode({ metadata, status: { addresses, conditions: [{ type: 'Ready', status: 'True' }] } });
}

function speakerOf(
  name: string,
  peers: readonly { readonly metadata: { readonly name?: string } }[],
  down: readonly string[],
): SpeakerObject {
  const sessions = peers.map(({ metadata: { name: peer = '' } }): SpeakerSession => {
    const state = down.includes(`${name}/${peer}`) ? 'Active' : 'Established';
    const session = { peer, neighborAddress: '192.0.2.1', neighborAs: 64513, localAs: 64512 };
    return { ...session, state, routesSent: 0, disabled: false };
  });
  const establishedSessions = sessions.filter(({ state }) => state === 'Established').length;
  const status = { sessions, establishedSessions };
  return { apiVersion: 'skycap.io/v1alpha1', kind: 'Speaker', metadata: { name }, status };
}

function holding(speaker: SpeakerObject, owners: ReadonlyMap<string, string>): SpeakerObject {
  const texts = [...owners].flatMap(([text, node]) => (node === speaker.metadata.name ? text : []));
  const layer2Addresses = texts.map((address) => ({ address, interface: 'eth0' }));
  return { ...speaker, status: { ...speaker.status, layer2Addresses } };
}
