/** The settings of the components that decide about Services: of the allocator's Deployment, and of the ConfigMaps that the Deployment names. */
import { ALL_PROTOCOLS, type Protocols, parseProtocols } from '../../lib/api/eip/protocols.ts';
import type { UnmarkedServices } from '../../lib/api/service/parse-address-request.ts';
import { isForbidden, KubeError } from '../../lib/kube/errors.ts';
import { CONFIG_MAPS } from '../../lib/kube/resource.ts';
import { DEPLOYMENTS, type Workload } from '../../lib/preflight/install/workload-findings.ts';
import type { Unread } from '../../lib/snapshot/cluster-read.ts';
import type { Session } from '../session/session.ts';
import { USUAL_NAMESPACE } from './usual-namespace.ts';

export interface SettingsRead {
  readonly unmarkedServices: UnmarkedServices;
  readonly protocols: Protocols;
  /** Skycap's own. */
  readonly namespace: string;
  /** Present if the defaults count, since the settings can't be read. */
  readonly unread?: Unread;
}

const ALLOCATOR = 'app.kubernetes.io/name=skycap,app.kubernetes.io/component=allocator';
const UNMARKED: readonly UnmarkedServices[] = ['defaultEip', 'always', 'never'];
const UNREAD: Unread = {
  resource: 'deployments',
  reason: 'Forbidden',
  message:
    'The settings of Skycap (its Deployment skycap-allocator and ConfigMap) can not be read: their defaults count.',
};

type Reader = Pick<Session, 'client' | 'signal'>;

export async function readSettings(reader: Reader): Promise<SettingsRead> {
  const allocator = (await findAllocator(reader)) ?? (await findAllocator(reader, USUAL_NAMESPACE));
  const namespace = allocator?.metadata.namespace ?? USUAL_NAMESPACE;
  const env = allocator && (await environmentOf(allocator, namespace, reader));
  const unmarked = env?.SKYCAP_UNMARKED_SERVICES;
  return {
    unmarkedServices: UNMARKED.find((one) => one === unmarked) ?? 'defaultEip',
    protocols: protocolsIn(env?.SKYCAP_PROTOCOLS),
    namespace,
    ...(!env && { unread: UNREAD }),
  };
}

/** @returns undefined without a Deployment that the user may see. */
async function findAllocator({ client, signal }: Reader, namespace?: string): Promise<Workload | undefined> {
  const where = namespace === undefined ? {} : { namespace };
  try {
    return (await client.list(DEPLOYMENTS, { ...where, labelSelector: ALLOCATOR, limit: 1, signal })).items[0];
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

/** The variables as the kubelet sets them: `env` comes before `envFrom`. @returns undefined if a ConfigMap can't be read. */
async function environmentOf(
  { spec }: Workload,
  namespace: string,
  { client, signal }: Reader,
): Promise<Readonly<Record<string, string | undefined>> | undefined> {
  const containers = spec?.template?.spec?.containers ?? [];
  const names = containers.flatMap(({ envFrom = [] }) =>
    envFrom.flatMap(({ configMapRef }) => configMapRef?.name ?? []),
  );
  try {
    const maps = await Promise.all(names.map((name) => client.get(CONFIG_MAPS, { namespace, name }, { signal })));
    const direct = containers.flatMap(({ env = [] }) => env.map(({ name, value }) => [name, value] as const));
    return Object.assign({}, ...maps.map(({ data }) => data), Object.fromEntries(direct));
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}

/** The allocator does not start with a text that can't be parsed, so the text is of an edit that has no effect yet. */
function protocolsIn(text: string | undefined): Protocols {
  try {
    return text === undefined ? ALL_PROTOCOLS : parseProtocols(text);
  } catch {
    return ALL_PROTOCOLS;
  }
}
