/** Names in the cluster that complete a command line. A cluster that does not answer in time has none: completion says nothing of failures. */
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import { BGP_PEERS, EIPS, NAMESPACES, NODES, type Resource, SERVICES } from '../../../lib/kube/resource.ts';
import { openSession, type SessionOptions } from '../../session/open-session.ts';
import type { Session } from '../../session/session.ts';
import type { Surroundings } from '../../session/surroundings.ts';
import type { NamesOf } from './candidates.ts';

const DEADLINE_MS = 5_000;
/** More than anybody reads. */
const MOST = 500;

export async function namesFor(kind: NamesOf, options: SessionOptions, around: Surroundings): Promise<string[]> {
  try {
    const { session, close } = await openSession(options, around, AbortSignal.timeout(DEADLINE_MS));
    try {
      return await READERS[kind](session);
    } finally {
      await close();
    }
  } catch {
    return [];
  }
}

const READERS: { readonly [K in NamesOf]: (session: Session) => Promise<string[]> } = {
  services,
  nodes: (session) => listed(session, NODES),
  namespaces: (session) => listed(session, NAMESPACES),
  contexts: async (session) =>
    (await session.kubectl(['config', 'get-contexts', '--output=name'])).split('\n').filter(Boolean),
  targets: async (session) => {
    const kinds = [
      ['eip', EIPS],
      ['bgppeer', BGP_PEERS],
      ['node', NODES],
    ] as const;
    const read = kinds.map(async ([kind, resource]) => {
      const names = await listed(session, resource as Resource<KubeObject>);
      return names.map((name) => `${kind}/${name}`);
    });
    return (await Promise.all([services(session), ...read])).flat();
  },
};

function services(session: Session): Promise<string[]> {
  return listed(session, SERVICES, { namespace: session.namespace, fieldSelector: 'spec.type=LoadBalancer' });
}

/** A kind that the user may not list has no names. */
async function listed<T extends KubeObject>(
  { client, signal }: Session,
  resource: Resource<T>,
  selection: { readonly namespace?: string; readonly fieldSelector?: string } = {},
): Promise<string[]> {
  const page = await client.list(resource, { ...selection, limit: MOST, signal }).catch(() => ({ items: [] }));
  return page.items.flatMap(({ metadata: { name } }) => name ?? []);
}
