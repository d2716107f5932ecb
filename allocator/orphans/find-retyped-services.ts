/**
 * Finds Services that stopped being load balancers while there was no leader. The watch shows only load balancers, so a leader lists such Services once, when its term
 * begins. After that, the watch shows a Service leave, and `removed-services.ts` handles it.
 */
import type { Service } from '../../lib/api/service/service.ts';
import { pagesOf } from '../../lib/kube/cache/pages.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { SERVICES } from '../../lib/kube/resource.ts';

/** Small, since the start of a term has urgent requests. */
const PAGE_SIZE = 250;

export async function findRetypedServices(
  client: KubeClient,
  departed: (service: Service) => void,
  signal: AbortSignal,
): Promise<void> {
  const options = { fieldSelector: 'spec.type!=LoadBalancer', limit: PAGE_SIZE, signal };
  for await (const { items } of pagesOf(client, SERVICES, options)) items.forEach(departed);
}
