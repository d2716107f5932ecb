/** Objects for the speaker's tests: complete enough to be decided by, with the one thing that a test is about given by the caller. */

import { KnownPolicy } from '../../lib/announce/known-policy.ts';
import { nodeState } from '../../lib/announce/node-state.ts';
import type { OtherNode } from '../../lib/announce/other-node.ts';
import { SliceIndex } from '../../lib/announce/slice-index.ts';
import type { BgpConfObject, BgpPeerObject } from '../../lib/api/bgp/bgp-types.ts';
import type { EipObject } from '../../lib/api/eip/eip-types.ts';
import { EIP_LABEL } from '../../lib/api/keys.ts';
import { type KubeObject, keyOf } from '../../lib/api/meta/object.ts';
import type { ConfigMap } from '../../lib/api/policy/find-policy.ts';
import type { Endpoint, EndpointSlice, Node, Service } from '../../lib/api/service/service.ts';
import type { BfdNeighbor } from '../../lib/snapshot/bfd-neighbor.ts';
import type { KnownEips } from '../../lib/snapshot/known-eips.ts';
import type { Maintenance } from '../../lib/snapshot/maintenance.ts';
import type { SessionPasswords } from '../../lib/snapshot/session-passwords.ts';
import { type Objects, type Snapshot, takeSnapshot } from '../../lib/snapshot/snapshot.ts';

export function aNode(over: Partial<Node> & { readonly name?: string; readonly ips?: readonly string[] } = {}): Node {
  const { name = 'node-1', ips = ['192.0.2.11', 'fd00::11'], metadata, ...rest } = over;
  return {
    metadata: { name, uid: `uid-${name}`, labels: {}, ...metadata },
    status: { addresses: ips.map((address) => ({ type: 'InternalIP', address })) },
    ...rest,
  };
}

/** A node that lives, without a session of its own. @param last of its addresses, 192.0.2.12 and fd00::12. */
export function anotherNode(
  name: string,
  last: number,
  over: Partial<Omit<OtherNode, 'node'>> & { readonly labels?: Readonly<Record<string, string>> } = {},
): OtherNode {
  const { labels = {}, ...said } = over;
  const node = aNode({ ips: [`192.0.2.${last}`, `fd00::${last}`], metadata: { name, labels } });
  return { node: nodeState(name, node), isLive: true, inMaintenance: false, sessions: [], ...said };
}

export interface ServiceOptions {
  readonly name?: string;
  readonly ips?: readonly string[];
  readonly eip?: string;
  readonly policy?: 'Cluster' | 'Local';
  readonly type?: 'LoadBalancer' | 'ClusterIP';
  readonly annotations?: Readonly<Record<string, string>>;
  readonly createdAt?: string;
}

export function aService({
  name = 'web',
  ips = ['198.51.100.7'],
  eip = 'v4',
  policy,
  type,
  annotations,
  createdAt,
}: ServiceOptions = {}): Service {
  return {
    metadata: {
      ...{ name, namespace: 'default', labels: { [EIP_LABEL]: eip } },
      ...(annotations && { annotations }),
      ...(createdAt !== undefined && { creationTimestamp: createdAt }),
    },
    spec: { type: type ?? 'LoadBalancer', externalTrafficPolicy: policy ?? 'Cluster' },
    status: { loadBalancer: { ingress: ips.map((ip) => ({ ip, ipMode: 'VIP' as const })) } },
  };
}

/** `on` is the node; `null` is an endpoint that names none. */
export function anEndpoint(on: string | null, conditions?: Endpoint['conditions']): Endpoint {
  return { addresses: ['10.0.0.1'], ...(on !== null && { nodeName: on }), ...(conditions && { conditions }) };
}

export const READY = { ready: true, serving: true, terminating: false } as const;
export const DRAINING = { ready: false, serving: true, terminating: true } as const;
export const NOT_READY = { ready: false, serving: false, terminating: false } as const;
export const GONE = { ready: false, serving: false, terminating: true } as const;

export function aSlice(
  endpoints: readonly Endpoint[],
  options: { readonly service?: string; readonly name?: string; readonly addressType?: 'IPv4' | 'IPv6' } = {},
): EndpointSlice {
  const { service = 'web', addressType = 'IPv4', name = `${service}-${addressType.toLowerCase()}` } = options;
  return {
    metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': service } },
    addressType,
    endpoints,
  };
}

export function anEip(
  name = 'v4',
  spec: EipObject['spec'] = {},
  labels: Readonly<Record<string, string>> = {},
): EipObject {
  const address = name === 'v6' ? '2001:db8:100::/64' : '198.51.100.0/24';
  return { metadata: { name, uid: `uid-${name}`, labels }, spec: { address, protocol: 'bgp', ...spec } };
}

export function aBgpConf(
  spec: BgpConfObject['spec'] = {},
  labels: Readonly<Record<string, string>> = {},
): BgpConfObject {
  return { metadata: { name: 'default', labels }, spec: { as: 64512, ...spec } };
}

export function aBgpPeer(
  name = 'router-1',
  spec: BgpPeerObject['spec'] = {},
  metadata: Partial<BgpPeerObject['metadata']> = {},
): BgpPeerObject {
  const conf = { neighborAddress: '192.0.2.1', peerAs: 64513, ...spec?.conf };
  return { metadata: { name, creationTimestamp: '2026-01-02T03:04:05Z', ...metadata }, spec: { ...spec, conf } };
}

/** Skycap's namespace. */
const NAMESPACE = 'skycap-system';

/** The ConfigMap that `spec.policy: bgp-policy` names. */
export function aPolicyMap(text: string, name = 'bgp-policy'): ConfigMap {
  return { metadata: { name, namespace: NAMESPACE, uid: `uid-${name}` }, data: { 'gobgp.conf': text } };
}

export interface ClusterOptions {
  readonly nodeName?: string;
  readonly nodes?: readonly Node[];
  readonly services?: readonly Service[];
  readonly slices?: readonly EndpointSlice[];
  readonly foreignSlices?: readonly EndpointSlice[];
  readonly eips?: readonly EipObject[];
  readonly bgpConfs?: readonly BgpConfObject[];
  readonly bgpPeers?: readonly BgpPeerObject[];
  readonly bfdNeighbors?: readonly BfdNeighbor[];
  readonly knownEips?: KnownEips;
  readonly passwords?: SessionPasswords;
  readonly configMaps?: readonly ConfigMap[];
  readonly knownPolicy?: KnownPolicy;
  readonly maintenance?: Maintenance;
  readonly others?: readonly OtherNode[];
}

/** A cluster with one node, one peer and two Eips, where the caller says nothing else. */
export function aSnapshot(options: ClusterOptions = {}): Snapshot {
  const sources = {
    nodes: objects(options.nodes ?? [aNode()]),
    services: objects(options.services ?? []),
    labelledSlices: objects(options.slices ?? []),
    foreignSlices: objects(options.foreignSlices ?? []),
    eips: objects(options.eips ?? [anEip('v4'), anEip('v6')]),
    bgpConfs: objects(options.bgpConfs ?? [aBgpConf()]),
    bgpPeers: objects(options.bgpPeers ?? [aBgpPeer()]),
    configMaps: objects(options.configMaps ?? []),
  };
  const slices = new SliceIndex(sources);
  const { nodeName = 'node-1', knownEips, knownPolicy = new KnownPolicy(NAMESPACE) } = options;
  const snapshot = takeSnapshot({ nodeName, sources, slices, knownEips, knownPolicy });
  if (!snapshot) throw new Error('Cannot take the snapshot: a store is not synced');
  const { bfdNeighbors, passwords, maintenance, others } = options;
  return {
    ...snapshot,
    ...(bfdNeighbors && { bfdNeighbors }),
    ...(passwords && { passwords }),
    ...(maintenance && { maintenance }),
    ...(others && { others }),
  };
}

/** A store with these objects. */
export function objects<T extends KubeObject>(
  items: readonly T[],
  synced = true,
): Objects<T & { metadata: T['metadata'] }> & { subscribe(): void } {
  const byKey = new Map(items.map((item) => [keyOf(item), item]));
  return { synced, get: (key) => byKey.get(key), values: () => items, subscribe: () => {} };
}
