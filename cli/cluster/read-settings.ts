/** The settings of the components that decide about Services, from the environment of the allocator's Deployment. Their defaults where the user may not read it. */
import { ALL_PROTOCOLS, parseProtocols } from '../../lib/api/eip/protocols.ts';
import type { KubeObject } from '../../lib/api/meta/object.ts';
import type { UnmarkedServices } from '../../lib/api/service/parse-address-request.ts';
import type { Settings } from '../../lib/explain/world.ts';
import { KubeError } from '../../lib/kube/errors.ts';
import type { Resource } from '../../lib/kube/resource.ts';
import type { Session } from '../session/session.ts';

interface Deployment extends KubeObject {
  readonly spec?: {
    readonly template?: {
      readonly spec?: {
        readonly containers?: readonly {
          readonly env?: readonly { readonly name: string; readonly value?: string }[];
        }[];
      };
    };
  };
}

const DEPLOYMENTS: Resource<Deployment> = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};
const ALLOCATOR = 'app.kubernetes.io/name=skycap,app.kubernetes.io/component=allocator';
const UNMARKED: readonly UnmarkedServices[] = ['defaultEip', 'always', 'never'];

export async function readSettings({ client, signal }: Pick<Session, 'client' | 'signal'>): Promise<Settings> {
  const deployments = await client
    .list(DEPLOYMENTS, { labelSelector: ALLOCATOR, limit: 1, signal })
    .then(({ items }) => items)
    .catch((error): readonly Deployment[] => {
      if (error instanceof KubeError) return [];
      throw error;
    });
  const env = deployments[0]?.spec?.template?.spec?.containers?.flatMap((container) => container.env ?? []) ?? [];
  const setting = (name: string): string | undefined => env.find((one) => one.name === name)?.value;
  const unmarked = setting('SKYCAP_UNMARKED_SERVICES');
  const protocols = setting('SKYCAP_PROTOCOLS');
  return {
    unmarkedServices: UNMARKED.find((one) => one === unmarked) ?? 'defaultEip',
    protocols: protocols ? parseProtocols(protocols) : ALL_PROTOCOLS,
  };
}
