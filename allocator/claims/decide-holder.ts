/**
 * Decides about one holder in a claim: keep it, bind it to its Service, release it, or wait until more is known. PURE.
 *
 * The webhook writes a holder without a UID at admission, before its Service is stored. The create call may still be under way, or may have failed after admission (a
 * quota, another webhook, a client that is gone), so such a holder has the grace period. If its Service was stored once, by the holder's UID or as this process has
 * seen, the holder has no grace period: it goes with its Service.
 */

import type { Reason } from '../../lib/api/reasons.ts';
import type { ClaimHolder } from '../../lib/api/skycap/claim.ts';

export type HolderAction =
  | { readonly kind: 'keep' }
  /** Write the Service's UID into the holder. */
  | { readonly kind: 'bind' }
  | { readonly kind: 'release'; readonly reason: Reason }
  | { readonly kind: 'wait'; readonly untilMs: number };

export interface HolderFacts {
  /** The Service that the holder names or, without a name, the Service whose annotation has its token. Absent only if the Service certainly does not exist. */
  readonly service?: { readonly uid: string; readonly token: string | undefined };
  /** Whether that Service has the address, is going to have it, or has it reserved. */
  readonly isUsed: boolean;
  /** Whether that Service publishes the address, or got it in the answer to its create call, now or before this reconcile. */
  readonly isShown: boolean;
  /** Whether the Service with the holder's token was stored once, as far as this process has seen. */
  readonly wasStored: boolean;
  readonly nowMs: number;
  /** The time when this process first saw the holder. */
  readonly firstSeenMs: number;
  readonly graceMs: number;
}

/**
 * The least time for which this process observes a holder before it releases it, whatever `since` says: the webhook's clock may be behind this process's clock. The API
 * server stores an admitted object within its request timeout, and nearly always within a second.
 */
const LEAST_OBSERVED_MS = 5_000;

export function decideHolder(holder: ClaimHolder, facts: HolderFacts): HolderAction {
  const { service, isUsed, wasStored } = facts;
  if (!service) {
    return holder.uid !== undefined || wasStored ? release('ServiceGone') : afterGrace(holder, facts, 'ClaimExpired');
  }
  if (holder.uid === service.uid) return isUsed ? { kind: 'keep' } : release('NoLongerUsed');
  // The Service with the UID had the same name and is gone. If the present Service asks for the address, it takes the holder over.
  if (holder.uid !== undefined) return isUsed ? { kind: 'bind' } : release('ServiceGone');
  if (holder.token === service.token) return decideOwn(holder, facts);
  // The Service has given up its token, or is a later Service of the same name.
  if (wasStored) return isUsed ? { kind: 'bind' } : release('NoLongerUsed');
  if (!isUsed) return afterGrace(holder, facts, 'ClaimExpired');
  // A create call for this name is under way, or has failed. The Service may be about to be replaced.
  return ageOf(holder, facts) >= facts.graceMs ? { kind: 'bind' } : waitFor(holder, facts);
}

/** Name and token count as the UID. An address that is neither used nor shown may belong to an update under way. */
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

/** The age by the holder's `since`. A future time, from a clock that is ahead, counts as now. An invalid time counts as the first sight. */
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
