/** The cluster after a change, before any component has reacted. PURE. */
import { releasesAddresses } from '../../../api/eip/eip.ts';
import { MAINTENANCE_ANNOTATION } from '../../../api/keys.ts';
import { type KubeObject, keyFor, keyOf } from '../../../api/meta/object.ts';
import type { EndpointSlice, Node } from '../../../api/service/service.ts';
import type { World } from '../world.ts';
import type { AppliedObject, Change, DeletableKind } from './change.ts';
import { mergeApplied } from './merge-applied.ts';

/** The list of each kind in a World. */
export const LIST_OF = {
  Eip: 'eips',
  BgpPeer: 'bgpPeers',
  BgpConf: 'bgpConfs',
  Service: 'services',
  Node: 'nodes',
} as const satisfies Readonly<Record<DeletableKind, keyof World>>;

export function changedWorld(world: World, change: Change): World {
  switch (change.kind) {
    case 'nodeGone':
      return withoutSpeaker(withNode(world, change.node, lost), change.node);
    case 'maintenance':
      return withNode(world, change.node, inMaintenance);
    case 'delete':
      return without(world, change.of, keyFor(change.namespace, change.name));
    case 'apply':
      return change.objects.reduce((now, object) => withApplied(now, object).world, world);
  }
}

export interface Applied {
  readonly world: World;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject;
}

export function withApplied(world: World, file: AppliedObject): Applied {
  const list: readonly KubeObject[] = world[LIST_OF[file.kind]];
  const before = list.find((one) => keyOf(one) === keyOf(file));
  const after = before ? mergeApplied(before, file) : created(file, world);
  const objects = before ? list.map((one) => (one === before ? after : one)) : [...list, after];
  return { world: { ...world, [LIST_OF[file.kind]]: objects }, before, after };
}

/** A new object is younger than every other. */
function created(file: AppliedObject, { settings }: World): KubeObject {
  const creationTimestamp = `${new Date(settings.nowMs).toISOString().slice(0, 19)}Z`;
  const object: KubeObject = {
    ...file,
    metadata: { ...file.metadata, uid: `new-${file.kind}-${keyOf(file)}`, creationTimestamp },
  };
  return file.kind === 'Service' ? withFamilies(object, settings) : object;
}

/** The API server sets the families of a new Service that names none. */
function withFamilies(object: KubeObject, { primaryFamily }: World['settings']): KubeObject {
  const { spec = {} } = object as { readonly spec?: Readonly<Record<string, unknown>> };
  if (spec.ipFamilies !== undefined || spec.ipFamilyPolicy !== undefined || spec.clusterIP !== undefined) return object;
  return { ...object, spec: { ...spec, ipFamilies: [primaryFamily === 4 ? 'IPv4' : 'IPv6'] } } as KubeObject;
}

function without(world: World, kind: DeletableKind, key: string): World {
  const list: readonly KubeObject[] = world[LIST_OF[kind]];
  const gone = list.find((one) => keyOf(one) === key);
  if (!gone) return world;
  const left: World = { ...world, [LIST_OF[kind]]: list.filter((one) => one !== gone) };
  if (kind === 'Node') return withoutSpeaker(left, key);
  if (kind !== 'Eip' || !releasesAddresses(gone)) return left;
  return { ...left, releasedEips: new Set([...world.releasedEips, gone.metadata.uid ?? '']) };
}

function withNode(world: World, name: string, edit: (node: Node) => Node): World {
  return { ...world, nodes: world.nodes.map((node) => (node.metadata.name === name ? edit(node) : node)) };
}

function lost(node: Node): Node {
  const others = (node.status?.conditions ?? []).filter(({ type }) => type !== 'Ready');
  return { ...node, status: { ...node.status, conditions: [...others, { type: 'Ready', status: 'Unknown' }] } };
}

function inMaintenance(node: Node): Node {
  const annotations = { ...node.metadata.annotations, [MAINTENANCE_ANNOTATION]: 'true' };
  return { ...node, metadata: { ...node.metadata, annotations } };
}

/** Its Pods are gone with it. Replacements on other nodes are not known. */
function withoutSpeaker(world: World, name: string): World {
  return {
    ...world,
    speakers: world.speakers.filter(({ metadata }) => metadata.name !== name),
    endpointSlices: world.endpointSlices.map((slice) => withoutEndpoints(slice, name)),
  };
}

function withoutEndpoints(slice: EndpointSlice, name: string): EndpointSlice {
  const { endpoints } = slice;
  if (!endpoints?.some(({ nodeName }) => nodeName === name)) return slice;
  return { ...slice, endpoints: endpoints.filter(({ nodeName }) => nodeName !== name) };
}
