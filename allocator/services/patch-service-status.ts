/** Writes the allocator's part of a Service through `services/status`, for which the API server calls no webhook. */
import type { Service } from '../../lib/api/service/service.ts';
import { FIELD_MANAGER } from '../../lib/api/service/status-writers.ts';
import { dropManagedFields } from '../../lib/kube/cache/transform.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { SERVICES } from '../../lib/kube/resource.ts';

/** @returns the patched Service, in the form in which a cache holds it. */
export async function patchServiceStatus(
  client: Pick<KubeClient, 'patch'>,
  { metadata: { namespace, name = '' } }: Service,
  body: unknown,
  signal: AbortSignal,
): Promise<Service> {
  const options = { type: 'strategic', subresource: 'status', fieldManager: FIELD_MANAGER, signal } as const;
  return dropManagedFields(await client.patch(SERVICES, { namespace, name }, body, options));
}
