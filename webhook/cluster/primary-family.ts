/** The cluster's first IP family, which a Service without `ipFamilies` gets. The API server's own Service has it, and it never changes. */
import type { KubeClient } from '../../lib/kube/client.ts';
import { SERVICES } from '../../lib/kube/resource.ts';
import type { Family } from '../../lib/net/address.ts';

export async function readPrimaryFamily(client: KubeClient, signal: AbortSignal): Promise<Family> {
  const { spec } = await client.get(SERVICES, { namespace: 'default', name: 'kubernetes' }, { signal });
  return spec?.ipFamilies?.[0] === 'IPv6' ? 6 : 4;
}
