/** The parts of a gathering: a read that fails becomes a note, and the others go on. */
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import { itemsOf, pagesOf } from '../../../lib/kube/cache/pages.ts';
import type { ListOptions } from '../../../lib/kube/client.ts';
import { isForbidden, KubeError } from '../../../lib/kube/errors.ts';
import type { Resource } from '../../../lib/kube/resource.ts';
import type { Session } from '../../session/session.ts';
import type { Archive } from './archive.ts';

export interface Gathering {
  readonly session: Session;
  readonly archive: Archive;
  /** Skycap's namespace. */
  readonly skycapNamespace: string;
  /** One sentence for each part that could not be read. */
  readonly notes: string[];
}

const PAGE_SIZE = 1_000;

/** @returns what `read` returns; undefined if the read fails, with a note. */
export async function orNote<T>(
  { session, notes }: Gathering,
  what: string,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (session.signal.aborted) throw error;
    notes.push(noteOf(what, error));
    return undefined;
  }
}

function noteOf(what: string, error: unknown): string {
  if (isForbidden(error)) return `${what}: you may not read this.`;
  const [message = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return `${what}: ${error instanceof KubeError ? error.statusMessage : message}`;
}

/** The objects of a kind; in the user's own namespace if the user may not list all namespaces. */
export async function listed<T extends KubeObject>(
  gathering: Gathering,
  resource: Resource<T>,
  selection: Pick<ListOptions, 'namespace' | 'fieldSelector' | 'labelSelector'> = {},
): Promise<readonly T[]> {
  const { session } = gathering;
  const { plural } = resource;
  const list = (where: { readonly namespace?: string }): Promise<T[]> =>
    itemsOf(pagesOf(session.client, resource, { ...selection, ...where, limit: PAGE_SIZE, signal: session.signal }));
  const isLimited = resource.namespaced && selection.namespace === undefined;
  const items = await orNote(gathering, plural, () => list({}));
  if (items || !isLimited) return items ?? [];
  const { namespace } = session;
  return (await orNote(gathering, `${plural} of namespace ${namespace}`, () => list({ namespace }))) ?? [];
}
