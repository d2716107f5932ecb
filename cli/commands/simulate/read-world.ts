/** Reads all that a simulation needs, with the settings of the installation. */
import { ALL_PROTOCOLS, type Protocols, parseProtocols } from '../../../lib/api/eip/protocols.ts';
import { keyOf } from '../../../lib/api/meta/object.ts';
import type { ConfigMap } from '../../../lib/api/policy/find-policy.ts';
import type { UnmarkedServices } from '../../../lib/api/service/parse-address-request.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import type { Change } from '../../../lib/explain/simulation/change/change.ts';
import { type Settings, WORLD_KINDS, type World, worldFrom } from '../../../lib/explain/simulation/world.ts';
import { isForbidden, isNotFound } from '../../../lib/kube/errors.ts';
import { SERVICES } from '../../../lib/kube/resource.ts';
import { unreadIn } from '../../../lib/snapshot/cluster-read.ts';
import { readCluster } from '../../cluster/read-cluster.ts';
import type { Session } from '../../session/session.ts';

const SKYCAP_NAMESPACE = 'skycap-system';
/** With kustomize, a digest follows. */
const SETTINGS_NAME = /^skycap-settings(-\w+)?$/;
const UNMARKED: readonly UnmarkedServices[] = ['defaultEip', 'always', 'never'];

export interface WorldRead {
  readonly world: World;
  /** For the user: what could not be read. */
  readonly notes: readonly string[];
}

export async function readWorld(session: Session, change: Change): Promise<WorldRead> {
  const { client, namespace, signal } = session;
  const [cluster, kubernetes, named] = await Promise.all([
    readCluster(client, {
      kinds: WORLD_KINDS,
      select: {
        services: { fieldSelector: 'spec.type=LoadBalancer' },
        configMaps: { namespace: SKYCAP_NAMESPACE },
      },
      namespace,
      signal,
    }),
    readService(session, 'default', 'kubernetes'),
    namedServices(session, change),
  ]);
  const known = new Set(cluster.services.items.map(keyOf));
  const services = [...cluster.services.items, ...named.filter((one) => !known.has(keyOf(one)))];
  const data = settingsIn(cluster.configMaps.items);
  const settings: Settings = {
    unmarkedServices: UNMARKED.find((one) => one === data?.SKYCAP_UNMARKED_SERVICES) ?? 'defaultEip',
    protocols: protocolsIn(data?.SKYCAP_PROTOCOLS),
    namespace: SKYCAP_NAMESPACE,
    primaryFamily: kubernetes?.spec?.ipFamilies?.[0] === 'IPv6' ? 6 : 4,
    nowMs: session.nowMs(),
  };
  const objects = {
    services,
    endpointSlices: cluster.endpointSlices.items,
    namespaces: cluster.namespaces.items,
    nodes: cluster.nodes.items,
    eips: cluster.eips.items,
    eipClaims: cluster.eipClaims.items,
    bgpConfs: cluster.bgpConfs.items,
    bgpPeers: cluster.bgpPeers.items,
    speakers: cluster.speakers.items,
    serviceCidrs: cluster.serviceCidrs.items,
    configMaps: cluster.configMaps.items,
  };
  const unread = unreadIn(cluster).map(({ message }) => message);
  const assumed = data
    ? []
    : [`The settings of Skycap (ConfigMap skycap-settings) are not known: their defaults count.`];
  return { world: worldFrom(objects, settings), notes: [...unread, ...assumed] };
}

/** The newest: kustomize leaves those of earlier settings. */
function settingsIn(configMaps: readonly ConfigMap[]): ConfigMap['data'] {
  const all = configMaps.filter(({ metadata: { name = '' } }) => SETTINGS_NAME.test(name));
  const age = ({ metadata }: ConfigMap): string => metadata.creationTimestamp ?? '';
  return all.sort((a, b) => (age(a) < age(b) ? 1 : -1))[0]?.data;
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
    return await client.get(SERVICES, { namespace, name }, { signal });
  } catch (error) {
    if (isNotFound(error) || isForbidden(error)) return undefined;
    throw error;
  }
}

function protocolsIn(text: string | undefined): Protocols {
  try {
    return text === undefined ? ALL_PROTOCOLS : parseProtocols(text);
  } catch {
    return ALL_PROTOCOLS;
  }
}
