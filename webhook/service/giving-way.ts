/**
 * Whether a pool that refuses what it cannot give is full of creations that were never stored. Those give way to a Service that exists (`allocator/claims/stray-claims.ts`); one that is
 * refused for them would never exist, and they would keep the pool from everybody.
 */

import type { AddressRequest } from '../../lib/api/service/address-request.ts';
import type { ClaimHolder, EipClaim } from '../../lib/api/skycap/claim.ts';
import { claimName } from '../../lib/api/skycap/claim.ts';
import { type ChooseInput, choose } from '../../lib/ipam/choice/choose.ts';
import { GIVES_WAY_AFTER_MS, TakenButFor } from '../../lib/ipam/claims/taken-but-for.ts';

/** Each is asked for at the API server. */
const MOST_ASKED = 8;
/** The Service of an older holder is stored: the allocator would have collected the claim. */
const LONGEST_GRACE_MS = 60_000;

export interface GivingWay {
  readonly addressRequest: AddressRequest;
  readonly chooseInput: ChooseInput;
  readonly claims: Iterable<EipClaim>;
  readonly nowMs: number;
  /** Whether the Service of an entry is there. */
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
