/**
 * Whether a full pool that refuses creations is full of claims whose Services were never stored. Such claims give way to a stored Service (`allocator/claims/stray-claims.ts`). A refused
 * Service is never stored, so refusing it would leave the pool full.
 */

import type { AddressRequest } from '../../lib/api/service/address-request.ts';
import type { ClaimHolder, EipClaim } from '../../lib/api/skycap/claim.ts';
import { claimName } from '../../lib/api/skycap/claim.ts';
import { type ChooseInput, choose } from '../../lib/ipam/choice/choose.ts';
import { GIVES_WAY_AFTER_MS, TakenButFor } from '../../lib/ipam/claims/taken-but-for.ts';

/** Each candidate costs a read from the API server. */
const MOST_ASKED = 8;
/** The Service of an older holder is stored: the allocator would have collected the claim. */
const LONGEST_GRACE_MS = 60_000;

export interface GivingWay {
  readonly addressRequest: AddressRequest;
  readonly chooseInput: ChooseInput;
  readonly claims: Iterable<EipClaim>;
  readonly nowMs: number;
  /** Whether the Service of a holder is stored. */
  readonly isThere: (holder: ClaimHolder) => Promise<boolean>;
}

export async function isForUnstored({
  addressRequest,
  chooseInput,
  claims,
  nowMs,
  isThere,
}: GivingWay): Promise<boolean> {
  const mayBeUnstored = ({ uid, since }: ClaimHolder): boolean => {
    const ageMs = nowMs - Date.parse(since);
    return uid === undefined && ageMs >= GIVES_WAY_AFTER_MS && ageMs <= LONGEST_GRACE_MS;
  };
  let left = [...claims].filter(({ spec }) => spec.holders.every(mayBeUnstored));
  for (let asked = 0; asked < MOST_ASKED && left.length > 0; asked++) {
    const choice = choose(addressRequest, { ...chooseInput, taken: new TakenButFor(chooseInput.taken, left) });
    if (choice.kind !== 'assigned') return false;
    const names = choice.given.map(({ address }) => claimName(address));
    const taken = left.filter(({ metadata: { name = '' } }) => names.includes(name));
    const there = await Promise.all(taken.map(({ spec }) => Promise.all(spec.holders.map(isThere))));
    const stored = taken.filter((_, i) => there[i]?.includes(true));
    if (stored.length === 0) return true;
    left = left.filter((claim) => !stored.includes(claim));
  }
  return false;
}
