/**
 * The identity of a Service under review in the claims. At its creation the Service has no uid, and under `generateName` no name; what ties it to its
 * claims then is a random token. PURE.
 */

import type { EipClaim } from '../../lib/api/skycap/claim.ts';
import type { Ledger } from '../../lib/ipam/choice/ledger.ts';
import type { ClaimRequest } from '../../lib/ipam/claims/claimer.ts';
import { claimsOf, type IsHolder, type ServiceIdentity } from '../../lib/ipam/claims/holders-of.ts';
import type { Address } from '../../lib/net/address.ts';

export interface ServiceClaimRequest extends ClaimRequest {
  /** Tells the holders of this Service. */
  readonly isSelf: IsHolder;
  /** Addresses in the managed metadata. If the Service holds several claims, those of these addresses come first. */
  readonly shown: readonly Address[];
}

/** A Service as named in its review. The token is found later. */
export type Identity = Omit<ServiceIdentity, 'token'>;

/** The claims with a holder of the Service. */
export function claimsHeld({ holder, isSelf, shown }: ServiceClaimRequest, ledger: Ledger): readonly EipClaim[] {
  const { namespace, name, uid, token } = holder;
  return claimsOf({ namespace, name, uid, token }, isSelf, () => shown, ledger);
}
