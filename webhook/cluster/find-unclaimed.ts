/**
 * Finds addresses that a Service publishes without a claim, before the first address is given: what OpenELB gave, what lost its claim by hand while
 * no webhook looked, and what another load balancer gave that an Eip has, too. Services are read once, and again when an Eip comes or is edited; afterwards the claims' watch tells (`unclaimed-addresses.ts`).
 */
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { KubeWatcher } from '../../lib/kube/client.ts';
import { sameAddress } from '../../lib/net/address.ts';
import { managedMetadataOf, markedAddresses } from '../review/managed-metadata.ts';
import type { ClusterState } from './cluster-state.ts';
import { listLoadBalancers, mayHaveAddress } from './list-services.ts';
import type { UnclaimedAddresses } from './unclaimed-addresses.ts';

export interface FindUnclaimedDeps {
  readonly client: Pick<KubeWatcher, 'list'>;
  readonly cluster: ClusterState;
  readonly unclaimedAddresses: Pick<UnclaimedAddresses, 'reserveUntilClaimed'>;
}

/** To be called when Eips and claims are known. What an Eip gave that is gone is the Service's for when that is created again. */
export async function findUnclaimed(
  { client, cluster, unclaimedAddresses }: FindUnclaimedDeps,
  signal: AbortSignal,
): Promise<void> {
  for await (const service of listLoadBalancers(client, signal)) {
    const { namespace = '', name = '' } = service.metadata;
    const marked = markedAddresses(managedMetadataOf(service));
    for (const address of publishedAddresses(service)) {
      const isOurs = cluster.eipOf(address) !== undefined || marked.some((one) => sameAddress(one, address));
      if (isOurs && !cluster.isClaimedBy(address, { namespace, name }))
        unclaimedAddresses.reserveUntilClaimed(
          address,
          [{ namespace, name }],
          mayHaveAddress(service) ? 'to be claimed' : 'foreign',
        );
    }
  }
}
