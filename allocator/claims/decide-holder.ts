/**
 * What becomes of one holder in a claim: it stays, is bound to its Service, is released, or has to wait until more is known. PURE.
 *
 * A holder without a uid was written at admission, before its Service existed, and the create call it belongs to may still be under
 * way, or may have failed later (quota, another webhook, the client gone). So it is given the grace period. A holder with a uid belongs to a Service
 * that has been seen; once that is surely gone, nothing is waited for.
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
  readonly nowMs: number;
  /** When this process first saw the holder. */
  readonly firstSeenMs: number;
  readonly graceMs: number;
}

/**
 * A holder is never released younger than this by our own observation, whatever its `since` says: the webhook's clock may be behind
 * ours. A create call that was admitted is stored within the API server's limit of a request, and nearly always within a second.
 */
const LEAST_OBSERVED_MS = 5_000;

export function decideHolder(holder: ClaimHolder, facts: HolderFacts): HolderAction {
  const { service, isUsed } = facts;
  if (!service) return holder.uid === undefined ? afterGrace(holder, facts, 'ClaimExpired') : release('ServiceGone');
  if (holder.uid === service.uid) return isUsed ? { kind: 'keep' } : release('NoLongerUsed');
  // Bound to a Service of the same name that is gone: the present one may take its place, having asked for the address.
  if (holder.uid !== undefined) return isUsed ? { kind: 'bind' } : release('ServiceGone');
  if (!isUsed) return afterGrace(holder, facts, 'ClaimExpired');
  // Another token means a create call for this name that is under way or has failed; our Service may be about to be replaced.
  return holder.token === service.token || ageOf(holder, facts) >= facts.graceMs
    ? { kind: 'bind' }
    : waitFor(holder, facts);
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

/** By the holder's own time; one in the future (a clock ahead of ours) is as young as can be. What can't be read counts from when it was seen. */
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
