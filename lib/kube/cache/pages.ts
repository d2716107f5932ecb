/** A list in pages: a page is requested once the former one is used. */
import type { KubeObject } from '../../api/meta/object.ts';
import type { KubeWatcher, ListOptions, ListPage } from '../client.ts';
import { Deadline } from '../deadline.ts';
import type { Resource } from '../resource.ts';

/** @param options.limit of a page. */
export async function* pagesOf<T extends KubeObject>(
  client: Pick<KubeWatcher, 'list'>,
  resource: Resource<T>,
  options: ListOptions & { readonly limit: number },
): AsyncGenerator<ListPage<T>> {
  let next: string | undefined;
  do {
    const page = await client.list(resource, { ...options, ...(next && { continue: next }) });
    yield page;
    next = page.continue;
  } while (next);
}

/** Every object of the pages. */
export async function itemsOf<T extends KubeObject>(pages: AsyncIterable<ListPage<T>>): Promise<T[]> {
  const items: T[] = [];
  for await (const page of pages) items.push(...page.items);
  return items;
}

const PAGE_SIZE = 500;

/** Every object, as fresh as the API server has it: a list without a resourceVersion. @throws if the list takes longer than `timeoutMs`. */
export async function listAll<T extends KubeObject>(
  client: Pick<KubeWatcher, 'list'>,
  resource: Resource<T>,
  options: ListOptions & { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<T[]> {
  const { timeoutMs, ...selection } = options;
  const deadline = new Deadline(timeoutMs, options.signal);
  try {
    return await itemsOf(pagesOf(client, resource, { ...selection, limit: PAGE_SIZE, signal: deadline.signal }));
  } finally {
    deadline.dispose();
  }
}
