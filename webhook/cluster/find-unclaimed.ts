/**
 * Finds the addresses that Services publish without a claim: given by OpenELB, given by another load balancer and also in an Eip, or with a claim that was deleted by hand while
 * no webhook ran. Services are listed before the first address is given, and after an Eip is added or edited. `unclaimed-addresses.ts` handles the claims that are deleted later.
 */

import { managedMetadataOf, markedAddresses } from '../../lib/api/service/managed-metadata.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { KubeWatcher } from '../../lib/kube/client.ts';
import { sameAddress } from '../../lib/net/address.ts';
import type { ClusterState } from './cluster-state.ts';
import { listLoadBalancers, mayHaveAddress } from './list-services.ts';
import type { UnclaimedAddresses } from './unclaimed-addresses.ts';

export interface FindUnclaimedDeps {
  readonly client: Pick<KubeWatcher, 'list'>;
  readonly cluster: ClusterState;
  readonly unclaimedAddresses: Pick<UnclaimedAddresses, 'reserveUntilClaimed'>;
}

/** Requires synced Eips and claims. The address of a deleted Eip is reserved too, for the time when the Eip is created again. */
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
