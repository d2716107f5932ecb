/**
 * Writes what was decided about entries in claims. Each write is a compare-and-swap against the very claim that was judged: of two Services
 * that share an address and change at once, the second is judged again by what the first has written.
 */

import { type ClaimHolder, claimName, type EipClaim } from '../../lib/api/skycap/claim.ts';
import type { Ledger } from '../../lib/ipam/choice/ledger.ts';
import { isOfFormer } from '../../lib/ipam/claims/service-claims.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isConflict, isNotFound } from '../../lib/kube/errors.ts';
import { getOrUndefined } from '../../lib/kube/http/get-or-undefined.ts';
import { EIP_CLAIMS } from '../../lib/kube/resource.ts';
import type { Address } from '../../lib/net/address.ts';
import type { HolderUpdate } from './plan-claim-changes.ts';

/** @returns false where the claim has changed meanwhile; the ledger knows it by then. */
export async function renewEntry(
  client: KubeClient,
  ledger: Ledger,
  claim: EipClaim,
  change: HolderUpdate,
  signal: AbortSignal,
): Promise<boolean> {
  const { own, next, source } = change;
  const holders = claim.spec.holders.flatMap((holder) => {
    if (holder === own) return [next];
    return isSameName(holder, next) && isOfFormer(holder, next.uid) ? [] : [holder];
  });
  try {
    const spec = { ...claim.spec, ...source, holders };
    ledger.apply(await client.replace(EIP_CLAIMS, { ...claim, spec }, { signal }));
    return true;
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error;
    await readAgain(client, ledger, change.address, signal);
    return false;
  }
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

async function readAgain(client: KubeClient, ledger: Ledger, address: Address, signal: AbortSignal): Promise<void> {
  const claim = await getOrUndefined(client, EIP_CLAIMS, { name: claimName(address) }, signal);
  if (claim) ledger.apply(claim);
  else ledger.forget(address);
}
