/**
 * Reads the kinds of objects that a command needs, in pages and without a watch. A kind that the user may not list becomes a note, not an error; a namespaced kind is then
 * listed in the user's namespace.
 */
import type { KubeObject } from '../../lib/api/meta/object.ts';
import { itemsOf, pagesOf } from '../../lib/kube/cache/pages.ts';
import type { KubeWatcher } from '../../lib/kube/client.ts';
import { isForbidden, isNotFound } from '../../lib/kube/errors.ts';
import {
  ADDRESS_HISTORIES,
  BGP_CONFS,
  BGP_PEERS,
  CONFIG_MAPS,
  EIP_CLAIMS,
  EIPS,
  ENDPOINT_SLICES,
  NAMESPACES,
  NODES,
  PODS,
  type Resource,
  SERVICE_CIDRS,
  SERVICES,
  SPEAKERS,
} from '../../lib/kube/resource.ts';
import type { ClusterRead, KindName, Kinds, Listed, Unread } from '../../lib/snapshot/cluster-read.ts';

const RESOURCES: { readonly [K in KindName]: Resource<Kinds[K]> } = {
  services: SERVICES,
  endpointSlices: ENDPOINT_SLICES,
  namespaces: NAMESPACES,
  nodes: NODES,
  eips: EIPS,
  eipClaims: EIP_CLAIMS,
  addressHistories: ADDRESS_HISTORIES,
  bgpConfs: BGP_CONFS,
  bgpPeers: BGP_PEERS,
  speakers: SPEAKERS,
  serviceCidrs: SERVICE_CIDRS,
  configMaps: CONFIG_MAPS,
  pods: PODS,
};
/** A few large pages: each page costs a round trip, and the API server sends 2,500 Services in some 10 MB. */
const PAGE_SIZE = 2_500;

/** The part of a kind that a command needs. @default all of its objects */
export interface Selection {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ReadOptions<K extends KindName> {
  readonly kinds: readonly K[];
  readonly select?: { readonly [Kind in K]?: Selection };
  /** Where to list a namespaced kind that the user may not list in all namespaces. */
  readonly namespace: string;
  readonly signal: AbortSignal;
}

export async function readCluster<K extends KindName>(
  client: Pick<KubeWatcher, 'list'>,
  { kinds, select = {}, namespace, signal }: ReadOptions<K>,
): Promise<ClusterRead<K>> {
  const read = kinds.map(async (kind) => {
    const selection = (select as { readonly [Kind in K]?: Selection })[kind] ?? {};
    return [kind, await listKind(client, RESOURCES[kind], selection, { namespace, signal })] as const;
  });
  return Object.fromEntries(await Promise.all(read)) as unknown as ClusterRead<K>;
}

type Around = Pick<ReadOptions<never>, 'namespace' | 'signal'>;

async function listKind<T extends KubeObject>(
  client: Pick<KubeWatcher, 'list'>,
  resource: Resource<T>,
  selection: Selection,
  around: Around,
): Promise<Listed<T>> {
  try {
    return { items: await listAllPages(client, resource, selection, around.signal) };
  } catch (error) {
    if (isNotFound(error)) return { items: [], unread: notInstalled(resource) };
    if (!isForbidden(error)) throw error;
    if (!resource.namespaced || selection.namespace !== undefined) {
      return { items: [], unread: forbidden(resource, selection.namespace) };
    }
    return listInNamespace(client, resource, selection, around);
  }
}

async function listInNamespace<T extends KubeObject>(
  client: Pick<KubeWatcher, 'list'>,
  resource: Resource<T>,
  selection: Selection,
  { namespace, signal }: Around,
): Promise<Listed<T>> {
  const { plural } = resource;
  try {
    const items = await listAllPages(client, resource, { ...selection, namespace }, signal);
    const message = `You may not list ${plural} in all namespaces: only those of namespace ${namespace} are considered.`;
    return { items, unread: { resource: plural, reason: 'Forbidden', namespace, message } };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return { items: [], unread: forbidden(resource, namespace) };
  }
}

function listAllPages<T extends KubeObject>(
  client: Pick<KubeWatcher, 'list'>,
  resource: Resource<T>,
  { namespace, labelSelector, fieldSelector }: Selection,
  signal: AbortSignal,
): Promise<T[]> {
  const selection = {
    ...(namespace !== undefined && { namespace }),
    ...(labelSelector !== undefined && { labelSelector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
  };
  return itemsOf(pagesOf(client, resource, { ...selection, limit: PAGE_SIZE, signal }));
}

function forbidden({ plural }: Resource<KubeObject>, namespace: string | undefined): Unread {
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return {
    resource: plural,
    reason: 'Forbidden',
    message: `You may not list ${plural}${where}: nothing is known of them.`,
  };
}

function notInstalled({ plural, group }: Resource<KubeObject>): Unread {
  const message = `The API server has no ${plural}.${group}: install Skycap's CRDs (kubectl apply -k manifests).`;
  return { resource: plural, reason: 'NotInstalled', message };
}
