/**
 * Decides about one holder in a claim: it stays, is bound to its Service, is released, or waits until more is known. PURE.
 *
 * A holder without a UID was written at admission, before its Service was stored. The create call may still be under way, or may have failed after admission
 * (a quota, another webhook, a client that is gone): the holder has the grace period. A holder whose Service was stored once, by its UID or as this process has seen,
 * has none: it goes with its Service.
 */

import type { Reason } from '../../lib/api/reasons.ts';
import type { ClaimHolder } from '../../lib/api/skycap/claim.ts';

export type HolderAction =
  | { readonly kind: 'keep' }
  /** The uid is to be written into it. */
  | { readonly kind: 'bind' }
  | { readonly kind: 'release'; readonly reason: Reason }
  | { readonly kind: 'wait'; readonly untilMs: number };

export interface HolderFacts {
  /** The Service that the holder names or, without a name, whose annotation has its token; absent only where that is certain. */
  readonly service?: { readonly uid: string; readonly token: string | undefined };
  /** Whether that Service has the address, is to have it, or has it reserved. */
  readonly isUsed: boolean;
  /** Whether that Service shows the address, or did before this reconcile. */
  readonly isShown: boolean;
  /** Whether the Service that the token was written for was stored once, as far as this process has seen. */
  readonly wasStored: boolean;
  readonly nowMs: number;
  /** When this process first saw the holder. */
  readonly firstSeenMs: number;
  readonly graceMs: number;
}

/**
 * This process observes a holder for at least this time before it releases it, whatever `since` says: the webhook's clock may be behind
 * its own. A create call that was admitted is stored within the API server's limit of a request, and nearly always within a second.
 */
const LEAST_OBSERVED_MS = 5_000;

export function decideHolder(holder: ClaimHolder, facts: HolderFacts): HolderAction {
  const { service, isUsed, wasStored } = facts;
  if (!service) {
    return holder.uid !== undefined || wasStored ? release('ServiceGone') : afterGrace(holder, facts, 'ClaimExpired');
  }
  if (holder.uid === service.uid) return isUsed ? { kind: 'keep' } : release('NoLongerUsed');
  // The Service of the UID had the same name and is gone: the present one may take its place, having asked for the address.
  if (holder.uid !== undefined) return isUsed ? { kind: 'bind' } : release('ServiceGone');
  if (holder.token === service.token) return decideOwn(holder, facts);
  // The Service gave its token up, or is another life of its name.
  if (wasStored) return isUsed ? { kind: 'bind' } : release('NoLongerUsed');
  if (!isUsed) return afterGrace(holder, facts, 'ClaimExpired');
  // A create call for this name is under way, or has failed; the Service may be about to be replaced.
  return ageOf(holder, facts) >= facts.graceMs ? { kind: 'bind' } : waitFor(holder, facts);
}

/** Name and token stand for the UID. An address that is neither used nor shown may be that of an update under way. */
function decideOwn(holder: ClaimHolder, facts: HolderFacts): HolderAction {
  if (facts.isUsed) return holder.name === undefined || holder.waiting ? { kind: 'bind' } : { kind: 'keep' };
  return facts.isShown ? release('NoLongerUsed') : afterGrace(holder, facts, 'ClaimExpired');
}

function afterGrace(holder: ClaimHolder, facts: HolderFacts, reason: Reason): HolderAction {
  const isExpired = ageOf(holder, facts) >= facts.graceMs && observedMs(facts) >= leastObservedMs(facts);
  return isExpired ? release(reason) : waitFor(holder, facts);
}

function waitFor(holder: ClaimHolder, facts: HolderFacts): HolderAction {
  const { nowMs, firstSeenMs, graceMs } = facts;
  const graceEndsMs = nowMs + graceMs - ageOf(holder, facts);
  return { kind: 'wait', untilMs: Math.max(graceEndsMs, firstSeenMs + leastObservedMs(facts)) };
}

/** By the holder's own time. A time in the future, of a clock that is ahead, counts as now; a text that is no time, as the first sight. */
function ageOf(holder: ClaimHolder, { nowMs, firstSeenMs }: HolderFacts): number {
  const since = Date.parse(holder.since);
  return Math.max(0, nowMs - (Number.isFinite(since) ? since : firstSeenMs));
}

function observedMs({ nowMs, firstSeenMs }: HolderFacts): number {
  return nowMs - firstSeenMs;
}

function leastObservedMs({ graceMs }: HolderFacts): number {
  return Math.min(graceMs, LEAST_OBSERVED_MS);
}

function release(reason: Reason): HolderAction {
  return { kind: 'release', reason };
}
