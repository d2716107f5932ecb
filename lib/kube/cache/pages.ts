/** A list in pages: a page is requested once the former one is used. */
import type { KubeObject } from '../../api/meta/object.ts';
import type { KubeWatcher, ListOptions, ListPage } from '../client.ts';
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
