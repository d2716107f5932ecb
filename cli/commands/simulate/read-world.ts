/** Reads all that a simulation needs, with the settings of the installation. */
import { keyOf } from '../../../lib/api/meta/object.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import type { Change } from '../../../lib/explain/simulation/change/change.ts';
import { type Settings, WORLD_KINDS, type World, worldFrom } from '../../../lib/explain/simulation/world.ts';
import { isForbidden } from '../../../lib/kube/errors.ts';
import { getOrUndefined } from '../../../lib/kube/http/get-or-undefined.ts';
import { SERVICES } from '../../../lib/kube/resource.ts';
import { heardSpeakers, SPEAKER_PODS } from '../../../lib/reach/heard-speaker.ts';
import { knownPods, type Unread, unreadIn } from '../../../lib/snapshot/cluster-read.ts';
import { readCluster } from '../../cluster/read-cluster.ts';
import { readSettings } from '../../cluster/read-settings.ts';
import type { Session } from '../../session/session.ts';

export interface WorldRead {
  readonly world: World;
  /** The kinds, and the settings, that the user may not read. */
  readonly unread: readonly Unread[];
}

export async function readWorld(session: Session, change: Change): Promise<WorldRead> {
  const { client, namespace, signal } = session;
  const { unread: unreadSettings, ...components } = await readSettings(session);
  const [cluster, kubernetes, named] = await Promise.all([
    readCluster(client, {
      kinds: [...WORLD_KINDS, 'pods'],
      select: {
        services: { fieldSelector: 'spec.type=LoadBalancer' },
        configMaps: { namespace: components.namespace },
        pods: { namespace: components.namespace, labelSelector: SPEAKER_PODS },
      },
      namespace,
      signal,
    }),
    readService(session, 'default', 'kubernetes'),
    namedServices(session, change),
  ]);
  const known = new Set(cluster.services.items.map(keyOf));
  const services = [...cluster.services.items, ...named.filter((one) => !known.has(keyOf(one)))];
  const settings: Settings = {
    ...components,
    primaryFamily: kubernetes?.spec?.ipFamilies?.[0] === 'IPv6' ? 6 : 4,
    nowMs: session.nowMs(),
  };
  const pods = knownPods(cluster.pods, unreadSettings === undefined);
  const objects = {
    services,
    endpointSlices: cluster.endpointSlices.items,
    namespaces: cluster.namespaces.items,
    nodes: cluster.nodes.items,
    eips: cluster.eips.items,
    eipClaims: cluster.eipClaims.items,
    bgpConfs: cluster.bgpConfs.items,
    bgpPeers: cluster.bgpPeers.items,
    speakers: heardSpeakers(cluster.speakers.items, cluster.nodes.items, pods),
    serviceCidrs: cluster.serviceCidrs.items,
    configMaps: cluster.configMaps.items,
  };
  const unread = [...unreadIn(cluster), ...(unreadSettings ? [unreadSettings] : [])];
  return { world: worldFrom(objects, settings), unread };
}

/** A file may make a load balancer of a Service that is none. */
async function namedServices(session: Session, change: Change): Promise<Service[]> {
  const files = change.kind === 'apply' ? change.objects.filter(({ kind }) => kind === 'Service') : [];
  const found = await Promise.all(
    files.map(({ metadata: { namespace = '', name = '' } }) => readService(session, namespace, name)),
  );
  return found.filter((one) => one !== undefined);
}

async function readService({ client, signal }: Session, namespace: string, name: string): Promise<Service | undefined> {
  try {
    return await getOrUndefined(client, SERVICES, { namespace, name }, signal);
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}
