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

/** The identity of a Service in claims. */
export interface ServiceIdentity {
  readonly namespace: string;
  /** Absent in the review of a creation under `generateName`. */
  readonly name: string | undefined;
  /** Absent in the review of a creation. */
  readonly uid: string | undefined;
  /** In its annotation, unless copied from another Service. */
  readonly token: string | undefined;
}

/** For a stored Service. */
export function namesOf({ metadata: { namespace = '', name = '', uid = '' } }: Service) {
  return { namespace, name, uid };
}

export type IsHolder = (holder: ClaimHolder) => boolean;

/**
 * The holders of a stored Service.
 * @param former whether a holder with the UID of a deleted Service of the same name counts. In the allocator it counts, since the allocator binds it to the present
 * Service or releases it; in the webhook it does not, since it may be released at any moment.
 */
export function holdersOf({ namespace, name, uid, token }: ServiceIdentity, former: 'counts' | 'isLeft'): IsHolder {
  return (holder) => {
    if (holder.namespace !== namespace) return false;
    if (holder.uid !== undefined && holder.uid === uid) return true;
    if (holder.uid !== undefined && former === 'isLeft') return false;
    return holder.name === undefined ? token !== undefined && holder.token === token : holder.name === name;
  };
}

/** The holders of a Service under creation that have its token, unless the token was copied with the manifest: written for this name, or for none, and bound to no Service. */
export function holdersOfNew({ namespace, name, token }: ServiceIdentity): IsHolder {
  return (holder) =>
    holder.token === token && holder.namespace === namespace && holder.name === name && holder.uid === undefined;
}

/** Whether a holder is `own`, in any version of the claim, and was not written anew since. */
export function isSameHolder(own: ClaimHolder): IsHolder {
  return (holder) =>
    holder.namespace === own.namespace &&
    holder.name === own.name &&
    holder.uid === own.uid &&
    holder.token === own.token &&
    holder.since === own.since;
}

/**
 * Of several holders in one claim: the one with the Service's UID, else with its token, else of a create call or update under way.
 * The holder of a former Service of the name comes last: taken over beside the Service's own, the Service would be in the claim twice.
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
 * The claims with a holder of the Service, in the order of preference.
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
