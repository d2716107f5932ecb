/**
 * Who claims: how a Service under review is known in the claims. At its creation it has no uid, and under `generateName` no name; what ties it to its
 * claims then is a random token. Pure.
 */

import { type AddressRequest, askedFor } from '../../lib/api/service/address-request.ts';
import type { ClaimHolder, EipClaim } from '../../lib/api/skycap/claim.ts';
import type { Ledger } from '../../lib/ipam/choice/ledger.ts';
import type { ClaimRequest } from '../../lib/ipam/claims/claimer.ts';
import { type Address, formatAddress } from '../../lib/net/address.ts';

export interface ServiceClaimRequest extends ClaimRequest {
  /** Which entries in claims are this Service's. */
  readonly isSelf: (holder: ClaimHolder) => boolean;
  /** Of several claims held the one that the Service shows counts. */
  readonly shown: readonly Address[];
}

/** A Service as its review names it. */
export interface Identity {
  readonly namespace: string;
  /** Absent under `generateName`. */
  readonly name: string | undefined;
  /** Absent at creation. */
  readonly uid: string | undefined;
}

/**
 * An entry in which the token of a Service under creation is its own, and not copied with its manifest from another Service: one written for this very
 * name (or for none, while ours has none), and bound to no Service yet.
 */
export function isOwnToken(identity: Identity, token: string): (holder: ClaimHolder) => boolean {
  return (holder) =>
    holder.token === token &&
    holder.namespace === identity.namespace &&
    holder.name === identity.name &&
    holder.uid === undefined;
}

/** The entries of a Service that exists. One bound to another uid is of a Service that had the name before, and about to be released. */
export function isOfService(identity: Identity, token: string | undefined): (holder: ClaimHolder) => boolean {
  return (holder) => {
    if (holder.namespace !== identity.namespace) return false;
    if (holder.uid !== undefined) return holder.uid === identity.uid;
    return holder.name === undefined ? holder.token === token : holder.name === identity.name;
  };
}

/** The claims in which one of the entries is the claimant's; what it shows comes first, then the lowest address. */
export function claimsHeld({ holder, isSelf, shown }: ServiceClaimRequest, ledger: Ledger): readonly EipClaim[] {
  const named = holder.name === undefined ? [] : ledger.heldBy(holder.namespace, holder.name);
  const claims = new Set([...named, ...ledger.heldByToken(holder.namespace, holder.token)]);
  const held = [...claims].filter((claim) => claim.spec.holders.some(isSelf));
  if (held.length < 2) return held;
  const order = shown.map(formatAddress);
  const rank = (claim: EipClaim): number => {
    const index = order.indexOf(claim.spec.address);
    return index < 0 ? order.length : index;
  };
  return held.sort((a, b) => rank(a) - rank(b));
}

/** The entry to write. The uid is left to the allocator, which has seen the Service stored. */
export function holderFor(identity: Identity, addressRequest: AddressRequest, token: string, now: Date): ClaimHolder {
  const asked = askedFor(addressRequest);
  return {
    namespace: identity.namespace,
    ...(identity.name !== undefined && { name: identity.name }),
    token,
    ports: addressRequest.ports,
    ...(addressRequest.sharingKey !== undefined && { sharingKey: addressRequest.sharingKey }),
    ...(addressRequest.sharingNamespaces.length > 0 && { sharingNamespaces: addressRequest.sharingNamespaces }),
    externalTrafficPolicy: addressRequest.externalTrafficPolicy,
    selector: addressRequest.selector,
    ...(asked !== undefined && { askedFor: [asked] }),
    since: now.toISOString(),
  };
}
