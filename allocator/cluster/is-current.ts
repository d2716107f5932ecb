/** Asks the API server whether a Service is still as the cache had it, before a write that the Service's resourceVersion can't guard. */
import type { Service } from '../../lib/api/service/service.ts';
import { dropManagedFields } from '../../lib/kube/cache/transform.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { getOrUndefined } from '../../lib/kube/http/get-or-undefined.ts';
import { SERVICES } from '../../lib/kube/resource.ts';
import type { ClusterState } from './cluster-state.ts';

/** If the Service has changed, the cache has the change when this returns. */
export async function isCurrent(
  { metadata: { namespace, name = '', resourceVersion } }: Service,
  { client, cluster }: { readonly client: KubeClient; readonly cluster: Pick<ClusterState, 'saw'> },
  signal: AbortSignal,
): Promise<boolean> {
  const stored = await getOrUndefined(client, SERVICES, { namespace, name }, signal);
  if (stored) cluster.saw(dropManagedFields(stored));
  return stored?.metadata.resourceVersion === resourceVersion;
}
