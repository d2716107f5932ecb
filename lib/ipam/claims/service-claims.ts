/** What a stored Service shows of the claims that it holds, and how far they count. PURE. */

import { ADDRESSES_ANNOTATION, CLAIM_ANNOTATION } from '../../api/keys.ts';
import type { AddressRequest } from '../../api/service/address-request.ts';
import { parseMarked } from '../../api/service/marked-addresses.ts';
import { publishedAddresses } from '../../api/service/published-addresses.ts';
import type { Service } from '../../api/service/service.ts';
import type { ClaimHolder } from '../../api/skycap/claim.ts';
import { type Address, sameAddress } from '../../net/address.ts';
import type { HeldAddress } from '../choice/held-address.ts';

/** Bound to a Service of the same name that is gone, since this one is there now. @param uid that of the Service that is there. */
export function isOfFormer(entry: ClaimHolder, uid: string | undefined): boolean {
  return uid !== undefined && entry.uid !== undefined && entry.uid !== uid;
}

/** Whether a holder of the Service's name is of this very Service, and not of another life of the name: by its UID, or by the token before it has one. */
export function standsFor({ uid, token }: ClaimHolder, { metadata }: Service): boolean {
  return uid === undefined ? token === metadata.annotations?.[CLAIM_ANNOTATION] : uid === metadata.uid;
}

/** See {@link HeldAddress.isEstablished}. */
export function isEstablished(
  service: Service,
  address: Address,
  own: ClaimHolder,
  token: string | undefined,
): boolean {
  if (own.uid !== undefined && own.uid === service.metadata.uid) return true;
  const isOwnToken = own.uid === undefined && own.token === token && !own.waiting;
  const shown = [...publishedAddresses(service), ...(isOwnToken ? annotatedAddresses(service) : [])];
  return shown.some((one) => sameAddress(one, address));
}

/**
 * The token to stand on a Service and in the claims that are bound to it: one for all, though a webhook that gave an IPv4 address to an update and the allocator that
 * claimed an IPv6 one at that moment had each their own. While the entry of another token is not bound (see `decide-holder.ts`), the Service's own counts.
 *
 * @param first of the addresses that it uses.
 * @param own the one in its annotation, where that is its own.
 */
export function tokenShown(
  first: Address | undefined,
  heldAddresses: readonly Pick<HeldAddress, 'address' | 'own'>[],
  own = '',
): string {
  const entry = heldAddresses.find(({ address }) => first && sameAddress(address, first))?.own;
  if (!entry) return own;
  return entry.uid === undefined && own !== '' ? own : entry.token;
}

/** Of the annotation `skycap.io/addresses`. */
export function annotatedAddresses(service: Service): Address[] {
  return parseMarked(service.metadata.annotations?.[ADDRESSES_ANNOTATION]);
}

/** What it publishes of ours: another controller may write the same status, and whose addresses those are is not for us to say. */
export function givenAddresses(service: Service): Address[] {
  const annotated = annotatedAddresses(service);
  return publishedAddresses(service).filter((address) => annotated.some((one) => sameAddress(one, address)));
}

/** Addresses that the Service shows or showed without holding them. */
export function formerAddresses(service: Service, heldAddresses: readonly Pick<HeldAddress, 'address'>[]): Address[] {
  const shown = [...publishedAddresses(service), ...annotatedAddresses(service)];
  return shown.filter((address, i) => {
    const isHeld = heldAddresses.some((heldAddress) => sameAddress(heldAddress.address, address));
    return !isHeld && shown.findIndex((other) => sameAddress(other, address)) === i;
  });
}

/**
 * What a Service that can't be read goes on asking for where it has an address: ports and policy as they are, for those are what it publishes, and the consent
 * that stands in the claim.
 *
 * @param plain what it asks for as a matter of course.
 */
export function requestAsHeld(
  plain: AddressRequest,
  { address, own }: Pick<HeldAddress, 'address' | 'own'>,
): AddressRequest {
  const { sharingKey, sharingNamespaces = [], requested } = own;
  const addresses = requested ? [address] : [];
  return { ...plain, addresses, ...(sharingKey !== undefined && { sharingKey }), sharingNamespaces };
}

/** What the Service goes on using while its wish can't be fulfilled: one address a family, whatever those do who share it. */
export function keptAddresses(heldAddresses: readonly HeldAddress[]): HeldAddress[] {
  const usable = heldAddresses.filter((heldAddress) => heldAddress.isEstablished && heldAddress.eip !== 'released');
  return usable.filter(({ address }, i) => usable.findIndex((other) => other.address.family === address.family) === i);
}
