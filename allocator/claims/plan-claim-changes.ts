/**
 * Plans the changes in the claims of a Service: bind, renew, release. PURE.
 *
 * The changes follow the publication: a claim is released only after its address is out of the Service's status.
 */

import type { Reason } from '../../lib/api/reasons.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { ClaimHolder } from '../../lib/api/skycap/claim.ts';
import { type Assignment, isUsed } from '../../lib/ipam/assignment/decide-assignment.ts';
import type { HeldAddress } from '../../lib/ipam/choice/held-address.ts';
import { type ClaimedRequest, renewedHolder } from '../../lib/ipam/claims/holder-entry.ts';
import { isOfFormer, tokenShown } from '../../lib/ipam/claims/service-claims.ts';
import { type Source, sourceOf } from '../../lib/ipam/pools/source.ts';
import { type Address, sameAddress } from '../../lib/net/address.ts';
import { decideHolder, type HolderAction } from './decide-holder.ts';
import type { InFlightUpdate } from './in-flight-updates.ts';

export interface ClaimFacts {
  readonly service: Service;
  readonly serviceToken: string | undefined;
  /** The request to write into the holder. */
  readonly requestAt: (heldAddress: HeldAddress) => ClaimedRequest;
  readonly heldAddresses: readonly HeldAddress[];
  /** Absent for a Service that Skycap does not serve. */
  readonly assignment: Assignment | undefined;
  readonly inFlightUpdateOf: (heldAddress: HeldAddress) => InFlightUpdate;
  readonly firstSeenMs: (heldAddress: HeldAddress) => number;
  /** Whether the holder is to be bound, and to be written anew if it is bound already. */
  readonly mustWrite: (heldAddress: HeldAddress) => boolean;
  /** The UID of the Service that was stored with the holder's token, as far as this process has seen. */
  readonly storedUid: (heldAddress: HeldAddress) => string | undefined;
  readonly nowMs: number;
  /** The time for which a holder without a UID may wait for a change under way. */
  readonly graceMsOf: (heldAddress: HeldAddress) => number;
}

/** A holder in a claim, and its replacement. */
export interface HolderUpdate {
  readonly address: Address;
  readonly own: ClaimHolder;
  readonly next: ClaimHolder;
  /** Present if the address now belongs to another Eip than the Eip that gave it. */
  readonly source?: Source;
}

/** The holder that was judged, and the reason for its release. */
export interface HolderRelease {
  readonly address: Address;
  readonly own: ClaimHolder;
  readonly reason: Reason;
}

export interface ClaimChanges {
  readonly renew: readonly HolderUpdate[];
  readonly release: readonly HolderRelease[];
  /** The time of the next reconcile if no event comes. */
  readonly requeueAtMs: number;
}

export function planClaimChanges(facts: ClaimFacts): ClaimChanges {
  const judged = facts.heldAddresses.map((heldAddress) => ({ ...heldAddress, verdict: verdictOn(heldAddress, facts) }));
  const renewals = judged.map(({ verdict, ...heldAddress }) => renewalOf(heldAddress, verdict, facts));
  return {
    renew: renewals.flatMap(({ requeueAtMs, ...renewing }) =>
      renewing.next === renewing.own && !renewing.source ? [] : [renewing],
    ),
    release: judged.flatMap(({ address, own, verdict }) =>
      verdict.kind === 'release' ? [{ address, own, reason: verdict.reason }] : [],
    ),
    requeueAtMs: Math.min(
      ...judged.map(({ verdict }) => (verdict.kind === 'wait' ? verdict.untilMs : Number.POSITIVE_INFINITY)),
      ...renewals.map(({ requeueAtMs }) => requeueAtMs),
    ),
  };
}

function verdictOn(heldAddress: HeldAddress, facts: ClaimFacts): HolderAction {
  const { service, serviceToken, assignment, nowMs } = facts;
  const isReserved = assignment?.reserves?.some((address) => sameAddress(address, heldAddress.address));
  if (isReserved && !isWanted(heldAddress, assignment)) return { kind: 'keep' };
  return decideHolder(heldAddress.own, {
    service: { uid: service.metadata.uid ?? '', token: serviceToken },
    isUsed: isWanted(heldAddress, assignment),
    isShown: heldAddress.isEstablished,
    wasStored: facts.storedUid(heldAddress) !== undefined,
    nowMs,
    // Lazy: the grace period needs all claims without a Service, and few holders need the grace period.
    get graceMs() {
      return facts.graceMsOf(heldAddress);
    },
    firstSeenMs: facts.firstSeenMs(heldAddress),
  });
}

function isWanted(heldAddress: HeldAddress, assignment: Assignment | undefined): boolean {
  return assignment !== undefined && isUsed(assignment.uses, heldAddress.address);
}

function renewalOf(
  heldAddress: HeldAddress,
  verdict: HolderAction,
  facts: ClaimFacts,
): HolderUpdate & { readonly requeueAtMs: number } {
  const { service, serviceToken, requestAt, heldAddresses, assignment, inFlightUpdateOf, nowMs } = facts;
  const { address, own } = heldAddress;
  const never = Number.POSITIVE_INFINITY;
  // An unused address is released, now or after the grace period. Until then its holder takes no ports from the Services that share the address.
  if (verdict.kind === 'release' || !isWanted(heldAddress, assignment))
    return { address, own, next: own, requeueAtMs: never };
  const inFlightUpdate = inFlightUpdateOf(heldAddress);
  const claimedRequest = requestAt(heldAddress);
  // A holder that waits may be of a create call for a later Service of the name.
  const mustWrite = verdict.kind !== 'wait' && facts.mustWrite(heldAddress);
  const bind = verdict.kind === 'bind' || mustWrite || hasFormerBeside(heldAddress, service);
  const isAnew = bind && (isOfOther(heldAddress, facts) || (mustWrite && own.uid !== undefined));
  const next = renewedHolder(own, service, claimedRequest, {
    bind,
    token: tokenShown(assignment?.uses[0]?.address, heldAddresses, serviceToken),
    serviceCounts: inFlightUpdate.kind === 'useService',
    ...(isAnew && { since: new Date(nowMs).toISOString() }),
  });
  const source = newSource(heldAddress);
  const requeueAtMs = inFlightUpdate.kind === 'wait' ? inFlightUpdate.untilMs : never;
  return { address, own, next, requeueAtMs, ...(source && { source }) };
}

/** Whether the holder was another Service's of the same name. */
function isOfOther(heldAddress: HeldAddress, { service, storedUid }: ClaimFacts): boolean {
  const uid = heldAddress.own.uid ?? storedUid(heldAddress);
  return uid !== undefined && uid !== service.metadata.uid;
}

/** Whether the claim has a holder of a former Service of the same name. Writing the UID removes that holder. */
function hasFormerBeside({ own, claim }: HeldAddress, { metadata: { namespace, name, uid } }: Service): boolean {
  const isFormer = (holder: ClaimHolder): boolean =>
    holder.namespace === namespace && holder.name === name && isOfFormer(holder, uid);
  return own.uid === undefined && claim.spec.holders.some(isFormer);
}

/** The Eip that now contains the address, if it is another one: an Eip that was created again, or one that took over the addresses of another Eip. */
function newSource({ claim, eip, eipName, eipUid = '' }: HeldAddress): Source | undefined {
  const source = sourceOf({ name: eipName, uid: eipUid });
  const isSame = source.eip === claim.spec.eip && source.eipUid === claim.spec.eipUid;
  return eip !== 'usable' || isSame ? undefined : source;
}
