/**
 * Writes what was decided about entries in claims. Each write is a compare-and-swap against the very claim that was judged: of two Services
 * that share an address and change at once, the second is judged again by what the first has written.
 */

import type { ClaimHolder, EipClaim } from '../../lib/api/skycap/claim.ts';
import type { ClaimStore } from '../../lib/ipam/claims/claim-store.ts';
import { isOfFormer } from '../../lib/ipam/claims/service-claims.ts';
import type { HolderUpdate } from './plan-claim-changes.ts';

/** @returns false where the claim has changed meanwhile; the ledger knows it by then. */
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

/** The same entry, in whatever version of the claim it stands: what is released must be what was judged. */
export function sameEntry(own: ClaimHolder): (holder: ClaimHolder) => boolean {
  return (holder) =>
    holder.namespace === own.namespace &&
    holder.name === own.name &&
    holder.uid === own.uid &&
    holder.token === own.token &&
    holder.since === own.since;
}
