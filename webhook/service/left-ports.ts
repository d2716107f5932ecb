/**
 * Releases ports in a holder that its stored Service has left: one `kubectl apply` can move a port from one Service to another at the same address. A holder has the
 * former and the new ports of a changed Service for some seconds, since the change may fail.
 *
 * A change that takes the port back is in the claim before it is stored, so the holder is replaced only if it is the same as before the Service was read.
 */

import { portsOf } from '../../lib/api/service/parse-address-request.ts';
import { type ClaimHolder, type ClaimPort, portsBut } from '../../lib/api/skycap/claim.ts';
import type { Ledger } from '../../lib/ipam/choice/ledger.ts';
import type { ClaimStore } from '../../lib/ipam/claims/claim-store.ts';
import { standsFor } from '../../lib/ipam/claims/service-claims.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { getOrUndefined } from '../../lib/kube/http/get-or-undefined.ts';
import { SERVICES } from '../../lib/kube/resource.ts';
import { claimsHeld, type ServiceClaimRequest } from '../cluster/service-claim-request.ts';

export interface LeftPortsDeps {
  readonly client: Pick<KubeClient, 'get'>;
  readonly ledger: Ledger;
  readonly claims: ClaimStore;
}

/** @returns whether a holder was changed, so that `choose` has to run again. */
export async function releaseLeftPorts(
  claimRequest: ServiceClaimRequest,
  { client, ledger, claims }: LeftPortsDeps,
  signal: AbortSignal,
): Promise<boolean> {
  let isAnything = false;
  for (const claim of claimsHeld(claimRequest, ledger)) {
    const { holders } = claim.spec;
    const next = await Promise.all(
      holders.map((holder) =>
        claimRequest.isSelf(holder) || !hasLeftOneOf(holder, claimRequest.addressRequest.ports)
          ? holder
          : withoutLeftPorts(holder, client, signal),
      ),
    );
    if (next.every((holder, i) => holder === holders[i])) continue;
    await claims.replace(claim, next, { signal });
    isAnything = true;
  }
  return isAnything;
}

function hasLeftOneOf({ leaving = [] }: ClaimHolder, ports: readonly ClaimPort[]): boolean {
  return portsBut(leaving, ports).length < leaving.length;
}

async function withoutLeftPorts(
  holder: ClaimHolder,
  client: LeftPortsDeps['client'],
  signal: AbortSignal,
): Promise<ClaimHolder> {
  const { namespace, name, leaving = [], ...rest } = holder;
  if (name === undefined) return holder;
  const service = await getOrUndefined(client, SERVICES, { namespace, name }, signal);
  if (!service || !standsFor(holder, service)) return holder;
  const left = portsBut(leaving, portsOf(service));
  if (left.length === 0) return holder;
  const remaining = portsBut(leaving, left);
  return {
    namespace,
    name,
    ...rest,
    ports: portsBut(holder.ports, left),
    ...(remaining.length > 0 && { leaving: remaining }),
  };
}
