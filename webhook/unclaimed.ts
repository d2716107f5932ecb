/**
 * Finds addresses that a Service publishes without a claim, before the first address is given: what OpenELB gave, what lost its claim by hand while
 * no webhook looked, and what another load balancer gave that an Eip has, too. Services are read once, and again when an Eip comes or is edited; afterwards the claims' watch tells (`vanished.ts`).
 */
import { publishedAddresses } from '../lib/api/published-addresses.ts';
import type { KubeWatcher } from '../lib/kube/client.ts';
import { sameAddress } from '../lib/net/address.ts';
import { listLoadBalancers, mayHaveAddress } from './list-services.ts';
import { markedAddresses, marksOf } from './marks.ts';
import type { ClusterSituation } from './situation.ts';
import type { Vanished } from './vanished.ts';

export interface UnclaimedDeps {
  readonly client: Pick<KubeWatcher, 'list'>;
  readonly situation: ClusterSituation;
  readonly vanished: Pick<Vanished, 'doubt'>;
}

/** To be called when Eips and claims are known. What an Eip gave that is gone is the Service's for when that is created again. */
export async function findUnclaimed(
  { client, situation, vanished }: UnclaimedDeps,
  signal: AbortSignal,
): Promise<void> {
  for await (const service of listLoadBalancers(client, signal)) {
    const { namespace = '', name = '' } = service.metadata;
    const marked = markedAddresses(marksOf(service));
    for (const address of publishedAddresses(service)) {
      const isOurs = situation.eipOf(address) !== undefined || marked.some((one) => sameAddress(one, address));
      if (isOurs && !situation.isClaimedBy(address, { namespace, name }))
        vanished.doubt(address, [{ namespace, name }], mayHaveAddress(service) ? 'to be claimed' : 'foreign');
    }
  }
}
