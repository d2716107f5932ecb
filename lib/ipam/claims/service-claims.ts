/** What a Service holds: which entries in claims are its own, and what it shows of them. PURE. */

import { ADDRESSES_ANNOTATION } from '../../api/keys.ts';
import type { AddressRequest } from '../../api/service/address-request.ts';
import { parseMarked } from '../../api/service/marked-addresses.ts';
import { publishedAddresses } from '../../api/service/published-addresses.ts';
import type { Service } from '../../api/service/service.ts';
import type { ClaimHolder, EipClaim } from '../../api/skycap/claim.ts';
import { claimAddress } from '../../api/skycap/claim.ts';
import { type Address, compareAddresses, formatAddress, sameAddress } from '../../net/address.ts';
import type { HeldAddress } from '../choice/held-address.ts';

/**
 * Whether an entry is this Service's: by its name, or by the token while it has none. The uid is not asked: an entry bound to another uid
 * belonged to a Service of the same name that is gone.
 *
 * @param ownsToken whether the token in the Service's annotation is its own and not copied from another Service.
 */
export function isHolder(service: Service, ownsToken: (token: string) => boolean): (holder: ClaimHolder) => boolean {
  const { namespace, name } = service.metadata;
  return (holder) =>
    holder.namespace === namespace && (holder.name === undefined ? ownsToken(holder.token) : holder.name === name);
}

/**
 * Which entry of several in one claim: the one bound to the Service, else the one that it was answered with, else one of a create call or update that is
 * under way. That of a former Service of the name comes last: taken over beside an entry of the Service's own, the claim would have it twice.
 *
 * @param entries those that {@link isHolder} finds.
 */
export function ownEntry(
  { metadata: { uid } }: Service,
  entries: readonly ClaimHolder[],
  token: string | undefined,
): ClaimHolder | undefined {
  const unbound = entries.filter((entry) => entry.uid === undefined);
  return (
    entries.find((entry) => entry.uid !== undefined && entry.uid === uid) ??
    unbound.find((entry) => entry.token === token) ??
    unbound[0] ??
    entries[0]
  );
}

/** Bound to a Service of the same name that is gone, since this one is there now. @param uid that of the Service that is there. */
export function isOfFormer(entry: ClaimHolder, uid: string | undefined): boolean {
  return uid !== undefined && entry.uid !== undefined && entry.uid !== uid;
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

/** Claims in the order in which they are preferred: published in status, then annotated, then the lowest address. */
export function inOrderOfPreference(service: Service, claims: readonly EipClaim[]): EipClaim[] {
  if (claims.length < 2) return [...claims];
  const known = [...publishedAddresses(service), ...annotatedAddresses(service)].map(formatAddress);
  const rank = (address: Address): number => {
    const index = known.indexOf(formatAddress(address));
    return index < 0 ? known.length : index;
  };
  return claims
    .flatMap((claim) => {
      const address = claimAddress(claim.metadata.name ?? '');
      return address ? [{ claim, address }] : [];
    })
    .sort((a, b) => rank(a.address) - rank(b.address) || compareAddresses(a.address, b.address))
    .map(({ claim }) => claim);
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
