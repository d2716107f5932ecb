/**
 * Writes decisions about holders into claims. Each write is a compare-and-swap against the claim that was judged. If two Services that share an address change at the
 * same time, the allocator judges the second one again, by the claim that the first write made.
 */

import type { ClaimHolder, EipClaim } from '../../lib/api/skycap/claim.ts';
import { ClaimStore } from '../../lib/ipam/claims/claim-store.ts';
import { isOfFormer } from '../../lib/ipam/claims/service-claims.ts';
import { formatAddress } from '../../lib/net/address.ts';
import type { Deps } from '../deps.ts';
import type { HolderRelease, HolderUpdate } from './plan-claim-changes.ts';

type WriterDeps = Pick<Deps, 'client' | 'cluster' | 'log'>;

/** @returns false if the claim has changed meanwhile. The ledger knows the change by then. */
export function renewEntry(
  { client, cluster }: WriterDeps,
  claim: EipClaim,
  { own, next, source }: HolderUpdate,
  signal: AbortSignal,
): Promise<boolean> {
  const holders = claim.spec.holders.flatMap((holder) => {
    if (holder === own) return [next];
    return isSameName(holder, next) && isOfFormer(holder, next.uid) ? [] : [holder];
  });
  return new ClaimStore({ client, ledger: cluster.ledger }).replace(claim, holders, {
    signal,
    ...(source && { source }),
  });
}

function isSameName(a: ClaimHolder, b: ClaimHolder): boolean {
  return a.namespace === b.namespace && a.name !== undefined && a.name === b.name;
}

/**
 * @param about names the Service in the log.
 * @param isUnused the Service was never stored.
 */
export async function releaseEntry(
  { client, cluster, log }: WriterDeps,
  { address, own, reason }: HolderRelease,
  about: object,
  isUnused = false,
): Promise<void> {
  const isReleased = await new ClaimStore({ client, ledger: cluster.ledger }).release(address, own, isUnused);
  if (isReleased) log.info({ ...about, address: formatAddress(address), reason }, 'address released');
}
