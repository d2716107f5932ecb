/**
 * Ports that an entry in a claim has for a change that is stored by now: one `kubectl apply` moves a port from a Service to another one at the same address. The
 * entry has the ports of before and after for some seconds, as the change may fail; who would have one of them now is not refused, where the stored Service has left it.
 *
 * A change that would take it back is in the claim before it is stored, so the entry is rewritten only as it was before the Service was read.
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

/** @returns whether those who share an address with the claimant had one of its ports to leave, so that all is to be looked at anew. */
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
