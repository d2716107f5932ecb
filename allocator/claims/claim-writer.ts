/**
 * Writes decisions about holders into claims. Each write is a compare-and-swap against the claim that was judged: of two Services
 * that share an address and change at the same time, the second is judged again, by the claim that the first has written.
 */

import type { ClaimHolder, EipClaim } from '../../lib/api/skycap/claim.ts';
import type { ClaimStore } from '../../lib/ipam/claims/claim-store.ts';
import { isOfFormer } from '../../lib/ipam/claims/service-claims.ts';
import type { HolderUpdate } from './plan-claim-changes.ts';

/** @returns false if the claim has changed meanwhile; the ledger knows the change by then. */
export function renewEntry(
  claims: ClaimStore,
  claim: EipClaim,
  { own, next, source }: HolderUpdate,
  signal: AbortSignal,
): Promise<boolean> {
  const holders = claim.spec.holders.flatMap((holder) => {
    if (holder === own) return [next];
    return isSameName(holder, next) && isOfFormer(holder, next.uid) ? [] : [holder];
  });
  return claims.replace(claim, holders, { signal, ...(source && { source }) });
}

function isSameName(a: ClaimHolder, b: ClaimHolder): boolean {
  return a.namespace === b.namespace && a.name !== undefined && a.name === b.name;
}

/** The same holder, in any version of the claim: only the holder that was judged may be released. */
export function sameEntry(own: ClaimHolder): (holder: ClaimHolder) => boolean {
  return (holder) =>
    holder.namespace === own.namespace &&
    holder.name === own.name &&
    holder.uid === own.uid &&
    holder.token === own.token &&
    holder.since === own.since;
}
