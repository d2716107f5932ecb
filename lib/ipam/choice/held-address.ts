/**
 * What a Service holds, and how the Eip of each address stands. PURE.
 *
 * `choose.ts` knows usable Eips only. An Eip that was edited into something that can't be read, that overlaps an older one, or
 * that no longer contains an address it gave, or that was deleted: what it gave must not move because of it (docs/architecture.md, invariant 1). Only the deletion of one that says so
 * by `skycap.io/release-addresses` sets its addresses free.
 */

import { type AddressRequest, askedFor } from '../../api/service/address-request.ts';
import type { ClaimHolder, EipClaim } from '../../api/skycap/claim.ts';
import { type Address, sameAddress } from '../../net/address.ts';
import { whyApart } from './sharing.ts';

/**
 * `usable`: an Eip that counts contains the address. `unusable`: none does; its Eip was edited or deleted. `released`: its Eip was deleted, and asked for the
 * release of its addresses.
 */
export type EipState = 'usable' | 'unusable' | 'released';

/** A claim with this Service in it. */
export interface HeldAddress {
  readonly address: Address;
  readonly claim: EipClaim;
  /** The entry in the claim that is this Service's. */
  readonly own: ClaimHolder;
  /** The Eip that the address counts to now. */
  readonly eipName: string;
  /** Of the Eip that contains it, where one does. */
  readonly eipUid?: string;
  readonly eip: EipState;
  /**
   * Whether the entry is this Service's beyond doubt: bound to it, of an address that it publishes, or of one that its own create call was answered with. Any other may
   * be of another create call for the name, under way or failed; it is taken where it fulfils the wish, and is no reason to publish what nobody asked for.
   */
  readonly isEstablished: boolean;
}

/**
 * Holdings that stay as they are although `choose` would not see them: one a family, where the preferred holding fulfils the wish but its Eip
 * is unusable for now. Nothing else is chosen for those families.
 */
export function pinnedAddresses(addressRequest: AddressRequest, heldAddresses: readonly HeldAddress[]): HeldAddress[] {
  return addressRequest.families.flatMap((family) => {
    const preferred = heldAddresses.find(
      (heldAddress) =>
        heldAddress.address.family === family &&
        (fulfils(addressRequest, heldAddress) || asksTheSame(addressRequest, heldAddress.own)),
    );
    return preferred?.isEstablished && preferred.eip === 'unusable' ? [preferred] : [];
  });
}

/** As when it got the address: then that is the Service's, though the wish would lead to another one by now. */
export function asksTheSame(addressRequest: AddressRequest, own: ClaimHolder): boolean {
  const asked = askedFor(addressRequest);
  return asked !== undefined && own.askedFor?.includes(asked) === true;
}

/** The Eip's protocol is not asked: of an Eip that can't be read it is not known. */
export function fulfils(addressRequest: AddressRequest, heldAddress: HeldAddress): boolean {
  if (heldAddress.eip === 'released') return false;
  const requested = addressRequest.addresses.find((one) => one.family === heldAddress.address.family);
  if (requested && !sameAddress(requested, heldAddress.address)) return false;
  return addressRequest.eipNames.length === 0 || addressRequest.eipNames.includes(heldAddress.eipName);
}

/**
 * What keeps those who hold the address from being together by the rules; who has it reserved is not there yet.
 *
 * @param asStored the entry as the Service of it says now, where that is known: a claim may be ahead of it, or behind.
 */
export function apartAt(
  addressRequest: AddressRequest,
  { address, claim, own }: HeldAddress,
  asStored: (holder: ClaimHolder, address: Address) => ClaimHolder = (holder) => holder,
): string | undefined {
  const others = claim.spec.holders.filter(({ namespace, name, token, waiting }) => {
    const isSame = name !== undefined && own.name !== undefined ? name === own.name : token === own.token;
    return !waiting && (namespace !== own.namespace || !isSame);
  });
  return whyApart(
    addressRequest,
    address,
    others.map((holder) => asStored(holder, address)),
  );
}
