/**
 * A held address of a Service, and the state of its Eip. PURE.
 *
 * `choose.ts` knows usable Eips only. The address of an Eip that was deleted, or edited so that it has problems, overlaps an older Eip or lacks the address, must not
 * move (docs/architecture.md, invariant 1). Only the deletion of an Eip with the annotation `skycap.io/release-addresses` releases its addresses.
 */

import { type AddressRequest, askedFor } from '../../api/service/address-request.ts';
import type { ClaimHolder, EipClaim } from '../../api/skycap/claim.ts';
import { type Address, sameAddress } from '../../net/address.ts';
import { whyApart } from './sharing.ts';

/**
 * `usable`: a usable Eip contains the address. `unusable`: none does; its Eip was edited or deleted. `released`: its Eip was deleted with the annotation to release its
 * addresses.
 */
export type EipState = 'usable' | 'unusable' | 'released';

/** A claim with a holder of this Service. */
export interface HeldAddress {
  readonly address: Address;
  readonly claim: EipClaim;
  /** The Service's holder in the claim. */
  readonly own: ClaimHolder;
  /** The Eip that the address counts to now. */
  readonly eipName: string;
  /** Of the Eip that contains the address. */
  readonly eipUid?: string;
  readonly eip: EipState;
  /**
   * Whether the address is certainly this Service's: its holder is bound to the Service, or the address is published or was in the answer of its own create call. Any
   * other holder may be of another create call for the name; its address is used if it fulfils the request, and is not published otherwise.
   */
  readonly isEstablished: boolean;
}

/**
 * Held addresses that `choose` does not see and that stay: one for each family, if the preferred held address fulfils the request and its Eip is unusable now. Nothing
 * else is chosen for these families.
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

/** The request is the same as when the Service got the address: the address stays, although the request would lead to another one now. */
export function asksTheSame(addressRequest: AddressRequest, own: ClaimHolder): boolean {
  const asked = askedFor(addressRequest);
  return asked !== undefined && own.askedFor?.includes(asked) === true;
}

/** The protocol is not compared: that of an Eip with problems is unknown. */
export function fulfils(addressRequest: AddressRequest, heldAddress: HeldAddress): boolean {
  if (heldAddress.eip === 'released') return false;
  const requested = addressRequest.addresses.find((one) => one.family === heldAddress.address.family);
  if (requested && !sameAddress(requested, heldAddress.address)) return false;
  return addressRequest.eipNames.length === 0 || addressRequest.eipNames.includes(heldAddress.eipName);
}

/**
 * Why the other holders may not share the address with this Service. Holders that reserve the address are ignored.
 * @param asStored the holder as its stored Service has it now, if known: a claim may be ahead or behind.
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
