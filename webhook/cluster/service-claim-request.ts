/**
 * Who claims: how a Service under review is known in the claims. At its creation it has no uid, and under `generateName` no name; what ties it to its
 * claims then is a random token. PURE.
 */

import type { EipClaim } from '../../lib/api/skycap/claim.ts';
import type { Ledger } from '../../lib/ipam/choice/ledger.ts';
import type { ClaimRequest } from '../../lib/ipam/claims/claimer.ts';
import { claimsOf, type IsHolder, type ServiceIdentity } from '../../lib/ipam/claims/holders-of.ts';
import type { Address } from '../../lib/net/address.ts';

export interface ServiceClaimRequest extends ClaimRequest {
  /** Which entries in claims are this Service's. */
  readonly isSelf: IsHolder;
  /** Of several claims held the one that the Service shows counts. */
  readonly shown: readonly Address[];
}

/** A Service as its review names it; the token is found out by the review. */
export type Identity = Omit<ServiceIdentity, 'token'>;

/** The claims in which one of the holders is the Service's. */
export function claimsHeld({ holder, isSelf, shown }: ServiceClaimRequest, ledger: Ledger): readonly EipClaim[] {
  const { namespace, name, uid, token } = holder;
  return claimsOf({ namespace, name, uid, token }, isSelf, () => shown, ledger);
}
