/**
 * The one rule for "which claims are this Service's", for the webhook and the allocator. PURE.
 *
 * A holder is found by the Service's name, and by the token while it has no name (`generateName`). A bound holder has the UID as well.
 */
import type { Service } from '../../api/service/service.ts';
import type { ClaimHolder, EipClaim } from '../../api/skycap/claim.ts';
import { claimAddress } from '../../api/skycap/claim.ts';
import { type Address, compareAddresses, formatAddress } from '../../net/address.ts';
import type { Ledger } from '../choice/ledger.ts';

/** A Service as claims know it. */
export interface ServiceIdentity {
  readonly namespace: string;
  /** Absent in the review of a creation under `generateName`. */
  readonly name: string | undefined;
  /** Absent in the review of a creation. */
  readonly uid: string | undefined;
  /** Of its annotation, where it is its own: not copied from another Service. */
  readonly token: string | undefined;
}

/** Of a Service that is stored. */
export function namesOf({ metadata: { namespace = '', name = '', uid = '' } }: Service) {
  return { namespace, name, uid };
}

export type IsHolder = (holder: ClaimHolder) => boolean;

/**
 * The holders of a Service that is stored.
 *
 * @param former whether a holder counts that is bound to another UID: it is of a Service of the same name that is gone. The allocator counts it, since it binds it to
 * the Service that is there, or releases it; the webhook does not, since it may be released at any moment.
 */
export function holdersOf({ namespace, name, uid, token }: ServiceIdentity, former: 'counts' | 'isLeft'): IsHolder {
  return (holder) => {
    if (holder.namespace !== namespace) return false;
    if (holder.uid !== undefined && holder.uid === uid) return true;
    if (holder.uid !== undefined && former === 'isLeft') return false;
    return holder.name === undefined ? token !== undefined && holder.token === token : holder.name === name;
  };
}

/** The holders of a Service under creation that have its token, where that was not copied with its manifest: written for this very name, or for none, and bound to no Service. */
export function holdersOfNew({ namespace, name, token }: ServiceIdentity): IsHolder {
  return (holder) =>
    holder.token === token && holder.namespace === namespace && holder.name === name && holder.uid === undefined;
}

/**
 * Which holder of several in one claim: the one bound to the Service, else the one that it was answered with, else one of a create call or update that is
 * under way. That of a former Service of the name comes last: taken over beside a holder of the Service's own, the claim would have it twice.
 *
 * @param holders of the Service.
 */
export function ownHolder(
  { uid, token }: Pick<ServiceIdentity, 'uid' | 'token'>,
  holders: readonly ClaimHolder[],
): ClaimHolder | undefined {
  const unbound = holders.filter((holder) => holder.uid === undefined);
  return (
    holders.find((holder) => holder.uid !== undefined && holder.uid === uid) ??
    unbound.find((holder) => holder.token === token) ??
    unbound[0] ??
    holders[0]
  );
}

/**
 * The claims with a holder of the Service's, in the order of preference.
 *
 * @param shown addresses that the Service shows; their claims come first, in this order. The others follow from the lowest address.
 */
export function claimsOf(
  { namespace, name, token }: ServiceIdentity,
  isHolder: IsHolder,
  shown: () => readonly Address[],
  ledger: Pick<Ledger, 'heldBy' | 'heldByToken'>,
): readonly EipClaim[] {
  const byName = name === undefined ? [] : ledger.heldBy(namespace, name);
  const byToken = token === undefined ? [] : ledger.heldByToken(namespace, token);
  const claims = [...new Set([...byName, ...byToken])].filter(({ spec }) => spec.holders.some(isHolder));
  if (claims.length < 2) return claims;
  const order = shown().map(formatAddress);
  const rank = (address: Address): number => {
    const index = order.indexOf(formatAddress(address));
    return index < 0 ? order.length : index;
  };
  return claims
    .flatMap((claim) => {
      const address = claimAddress(claim.metadata.name ?? '');
      return address ? [{ claim, address }] : [];
    })
    .sort((a, b) => rank(a.address) - rank(b.address) || compareAddresses(a.address, b.address))
    .map(({ claim }) => claim);
}
