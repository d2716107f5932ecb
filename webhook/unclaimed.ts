/**
 * Finds addresses that a Service publishes without a claim, before the first address is given: what OpenELB gave, and what lost its claim by hand while
 * no webhook looked. Services are read once, and again when an Eip comes or is edited; afterwards the claims' watch tells (`vanished.ts`).
 */
import { isJudged } from '../lib/api/judged.ts';
import { EIP_LABEL } from '../lib/api/keys.ts';
import { isOurs } from '../lib/api/parse-wants.ts';
import { publishedAddresses } from '../lib/api/published-addresses.ts';
import type { Service } from '../lib/api/service.ts';
import type { KubeWatcher } from '../lib/kube/client.ts';
import { pagesOf } from '../lib/kube/pages.ts';
import { SERVICES } from '../lib/kube/resource.ts';
import type { ClusterSituation } from './situation.ts';
import type { Vanished } from './vanished.ts';

const PAGE_SIZE = 500;
const BY_ITSELF = { unmarkedServices: 'never', defaultEipExists: false } as const;

export interface UnclaimedDeps {
  readonly client: Pick<KubeWatcher, 'list'>;
  readonly situation: ClusterSituation;
  readonly vanished: Pick<Vanished, 'doubt'>;
}

/** To be called when Eips and claims are known. */
export async function findUnclaimed(
  { client, situation, vanished }: UnclaimedDeps,
  signal: AbortSignal,
): Promise<void> {
  const options = { fieldSelector: 'spec.type=LoadBalancer', limit: PAGE_SIZE, signal };
  for await (const { items } of pagesOf(client, SERVICES, options)) {
    for (const service of items.filter(mayHaveAddress)) {
      const { namespace = '', name = '' } = service.metadata;
      for (const address of publishedAddresses(service)) {
        if (situation.isWithoutClaim(address)) vanished.doubt(address, [{ namespace, name }]);
      }
    }
  }
}

/** What another load balancer publishes is none of our business. */
function mayHaveAddress(service: Service): boolean {
  return isOurs(service, BY_ITSELF) || service.metadata.labels?.[EIP_LABEL] !== undefined || isJudged(service);
}
