/** Lists the LoadBalancer Services of the cluster at the API server, since the webhook watches no Services. */

import { EIP_LABEL } from '../../lib/api/keys.ts';
import { hasOurCondition } from '../../lib/api/service/has-our-condition.ts';
import { isOurs } from '../../lib/api/service/parse-address-request.ts';
import type { Service } from '../../lib/api/service/service.ts';
import { pagesOf } from '../../lib/kube/cache/pages.ts';
import type { KubeWatcher } from '../../lib/kube/client.ts';
import { SERVICES } from '../../lib/kube/resource.ts';

const PAGE_SIZE = 500;
const BY_ITSELF = { unmarkedServices: 'never', defaultEipExists: false } as const;

/** The Services that may have an address of Skycap's. */
export async function* listServices(client: Pick<KubeWatcher, 'list'>, signal: AbortSignal): AsyncGenerator<Service> {
  for await (const service of listLoadBalancers(client, signal)) if (mayHaveAddress(service)) yield service;
}

/** Includes Services of other load balancers. */
export async function* listLoadBalancers(
  client: Pick<KubeWatcher, 'list'>,
  signal: AbortSignal,
): AsyncGenerator<Service> {
  const options = { fieldSelector: 'spec.type=LoadBalancer', limit: PAGE_SIZE, signal };
  for await (const { items } of pagesOf(client, SERVICES, options)) yield* items;
}

/** False for a Service of another load balancer. */
export function mayHaveAddress(service: Service): boolean {
  return isOurs(service, BY_ITSELF) || service.metadata.labels?.[EIP_LABEL] !== undefined || hasOurCondition(service);
}
