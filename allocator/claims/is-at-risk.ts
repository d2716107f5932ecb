/**
 * Decides whether another leader's write could still release a holder. PURE.
 *
 * A former leader's last writes may arrive late, and a leader whose process or clock stood still may believe to lead for some seconds more. Each release carries the
 * resourceVersion of the claim that it was decided on, so a write of the holder makes it fail. The allocator writes a holder at risk before it publishes the address.
 *
 * A leader removes an address from the Service before it releases the holder. So a holder whose address the Service shows is not at risk, with the exceptions below.
 */
import type { ClaimHolder } from '../../lib/api/skycap/claim.ts';

export interface RiskFacts {
  readonly service: { readonly uid: string | undefined; readonly token: string | undefined };
  readonly isPublished: boolean;
  /** Whether the address is in the Service's annotation, as in the answer to a create call. */
  readonly isAnnotated: boolean;
  /** The UID of the Service that was stored with the holder's token, as far as this process has seen. */
  readonly storedUid: string | undefined;
  /** Whether the claim is being taken over from a Service that was not stored. */
  readonly isBeingTaken: boolean;
  /** Whether a former leader may have taken the create call for a failed one. */
  readonly isLate: boolean;
}

export function isAtRisk(own: ClaimHolder, facts: RiskFacts): boolean {
  const { service, isPublished, isAnnotated, storedUid, isBeingTaken, isLate } = facts;
  // Only the token on the Service leads to a holder without a name, and an edit of the Service may remove the token.
  if (own.name === undefined) return true;
  const ofUid = own.uid ?? storedUid;
  if (ofUid !== undefined && ofUid !== service.uid) return true;
  if (own.uid !== undefined) return !isPublished && !isAnnotated;
  if (own.token !== service.token || isBeingTaken) return true;
  return !isPublished && (!isAnnotated || isLate);
}
