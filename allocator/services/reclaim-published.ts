/** Carries out `reclaim.ts`: claims the published addresses of a Service again, alone or beside other Services. */

import { claimRequestFor, requestWithoutAddresses, type ServiceView } from '../../lib/ipam/assignment/service-view.ts';
import { waitingSinceOf } from '../../lib/ipam/assignment/waiting-list.ts';
import type { Claimer } from '../../lib/ipam/claims/claimer.ts';
import { isCurrent } from '../cluster/is-current.ts';
import type { Deps } from '../deps.ts';
import { reclaimsFor } from './reclaim.ts';

export interface ReclaimDeps extends Pick<Deps, 'client' | 'cluster' | 'nowMs'> {
  readonly claimer: Claimer;
  /** The token for new holders. */
  readonly token: string;
}

/** @returns `shared`: other Services had a claim on an address already. `nothing`: every published address has a claim. */
export async function reclaimPublished(
  view: ServiceView,
  { client, cluster, nowMs, claimer, token }: ReclaimDeps,
  signal: AbortSignal,
): Promise<'nothing' | 'alone' | 'shared'> {
  const { service, heldAddresses, parsed } = view;
  const addressRequest = parsed.kind === 'addressRequest' ? parsed.addressRequest : requestWithoutAddresses(service);
  const reclaims = reclaimsFor(service, heldAddresses, cluster.eips.pools, (address) =>
    cluster.ledger.claimOf(address),
  );
  if (!addressRequest || reclaims.length === 0) return 'nothing';
  const isShared = reclaims.some(({ isHeld }) => isHeld);
  if (isShared) {
    // A stale cache would bring back an address that the Service has left and that another Service may have by now.
    if (!(await isCurrent(service, { client, cluster }, signal))) return 'alone';
  }
  const claimRequest = claimRequestFor(view, addressRequest, token, nowMs());
  const { askedFor: _, ...unasked } = claimRequest.holder;
  // A Service that waits for another address has this one by a former request, which is not known.
  const asked = waitingSinceOf(service) === undefined ? claimRequest.holder : unasked;
  const holder = { ...asked, publishedBefore: true };
  for (const { address, eip } of reclaims) await claimer.retake(address, eip, { ...claimRequest, holder }, signal);
  return isShared ? 'shared' : 'alone';
}
