/** Compares a stored Service with the claims that it holds. PURE. */

import { ADDRESSES_ANNOTATION, CLAIM_ANNOTATION } from '../../api/keys.ts';
import type { AddressRequest } from '../../api/service/address-request.ts';
import { parseMarked } from '../../api/service/marked-addresses.ts';
import { publishedAddresses } from '../../api/service/published-addresses.ts';
import type { Service } from '../../api/service/service.ts';
import type { ClaimHolder } from '../../api/skycap/claim.ts';
import { type Address, sameAddress } from '../../net/address.ts';
import type { HeldAddress } from '../choice/held-address.ts';

/** Whether the holder has the UID of a former Service of the name. @param uid of the stored Service. */
export function isOfFormer(entry: ClaimHolder, uid: string | undefined): boolean {
  return uid !== undefined && entry.uid !== undefined && entry.uid !== uid;
}

/** Whether a holder of the Service's name is of this Service, and not of a former or later one: by its UID, or by the token if it has none. */
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
 * The token for the annotation of a Service and for the claims bound to it. It is one for all, although a webhook that gave an IPv4 address to an update and the
 * allocator that claimed an IPv6 address at that moment had two. While a holder with another token is not bound (see `decide-holder.ts`), the Service's own token
 * counts.
 * @param first of the addresses that the Service uses.
 * @param own the token in the annotation, unless copied.
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

/** The published addresses that Skycap gave: another controller may write addresses into the same status. */
export function givenAddresses(service: Service): Address[] {
  const annotated = annotatedAddresses(service);
  return publishedAddresses(service).filter((address) => annotated.some((one) => sameAddress(one, address)));
}

/** Addresses that the Service publishes or has in its annotation without holding them. */
export function formerAddresses(service: Service, heldAddresses: readonly Pick<HeldAddress, 'address'>[]): Address[] {
  const shown = [...publishedAddresses(service), ...annotatedAddresses(service)];
  return shown.filter((address, i) => {
    const isHeld = heldAddresses.some((heldAddress) => sameAddress(heldAddress.address, address));
    return !isHeld && shown.findIndex((other) => sameAddress(other, address)) === i;
  });
}

/**
 * The request of a Service that can't be read, for an address that it has: ports and policy of the Service, which it publishes, and the consent in the claim.
 *
 * @param plain the request without addresses.
 */
export function requestAsHeld(
  plain: AddressRequest,
  { address, own }: Pick<HeldAddress, 'address' | 'own'>,
): AddressRequest {
  const { sharingKey, sharingNamespaces = [], requested } = own;
  const addresses = requested ? [address] : [];
  return { ...plain, addresses, ...(sharingKey !== undefined && { sharingKey }), sharingNamespaces };
}

/** The addresses that the Service goes on using while its request can't be fulfilled: one of each family, whatever Services that share it ask for. */
export function keptAddresses(heldAddresses: readonly HeldAddress[]): HeldAddress[] {
  const usable = heldAddresses.filter((heldAddress) => heldAddress.isEstablished && heldAddress.eip !== 'released');
  return usable.filter(({ address }, i) => usable.findIndex((other) => other.address.family === address.family) === i);
}
