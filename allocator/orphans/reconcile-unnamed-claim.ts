/**
 * Reconciles claims with a holder without a name: the webhook wrote it for a create call with `generateName`, before the Service had a name. The token leads to the
 * Service. If no Service is stored, the allocator releases the claim after the grace period, once a live list shows that no Service of the namespace has the token.
 */

import { keyOf } from '../../lib/api/meta/object.ts';
import { type ClaimHolder, claimAddress, type EipClaim } from '../../lib/api/skycap/claim.ts';
import type { Address } from '../../lib/net/address.ts';
import type { Requeue } from '../../lib/process/loop/level-loop.ts';
import { releaseEntry } from '../claims/claim-writer.ts';
import { decideHolder } from '../claims/decide-holder.ts';
import type { StoredTokens } from '../claims/stored-tokens.ts';
import { HURRIED_GRACE_MS, type StrayClaims } from '../claims/stray-claims.ts';
import type { Deps } from '../deps.ts';

/** The cache shows the Service from the list within this time. */
const BEHIND_MS = 250;

export interface UnnamedClaimReconcilerDeps extends Deps {
  readonly strays: StrayClaims;
  readonly tokens: StoredTokens;
  /** Queues the Service, whose reconcile binds the claim. */
  readonly askService: (key: string) => void;
}

export class UnnamedClaimReconciler {
  readonly #deps: UnnamedClaimReconcilerDeps;

  constructor(deps: UnnamedClaimReconcilerDeps) {
    this.#deps = deps;
  }

  /** @param name the claim's name. Calls must not overlap. */
  async reconcile(name: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const address = claimAddress(name);
    const claim = address && this.#deps.cluster.ledger.claimOf(address);
    if (!claim) return undefined;
    const waits: number[] = [];
    for (const holder of claim.spec.holders.filter((one) => one.name === undefined)) {
      const waitMs = await this.#collect(claim, address, holder, signal);
      if (waitMs !== undefined) waits.push(waitMs);
    }
    return waits.length > 0 ? { requeueAfterMs: Math.max(1, Math.min(...waits)) } : undefined;
  }

  /** @returns the time until the next reconcile. */
  async #collect(
    claim: EipClaim,
    address: Address,
    holder: ClaimHolder,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { cluster, config, nowMs, askService, strays, tokens } = this.#deps;
    const owner = cluster.index.ownerOf(holder.namespace, holder.token);
    if (owner) {
      askService(keyOf(owner));
      // The Service may lose the token before its holder is bound. After that, nothing leads to the claim.
      return config.claimGraceSeconds * 1000;
    }
    const now = nowMs();
    const firstSeenMs = cluster.holderFirstSeen.firstSeenMs(claim, holder);
    const graceMs = strays.graceMs(claim, holder);
    const wasStored = cluster.holderFirstSeen.wasStored(claim, holder);
    const unused = { isUsed: false, isShown: false, wasStored };
    const verdict = decideHolder(holder, { ...unused, nowMs: now, firstSeenMs, graceMs });
    // The grace period may be shorter at the next reconcile.
    if (verdict.kind === 'wait') return Math.min(verdict.untilMs - now, HURRIED_GRACE_MS);
    if (verdict.kind !== 'release') return undefined;
    // The cache may be behind.
    if (await tokens.has(holder.namespace, holder.token, signal)) return BEHIND_MS;
    const { reason } = verdict;
    const about = { namespace: holder.namespace };
    await releaseEntry(this.#deps, { address, own: holder, reason }, about, reason === 'ClaimExpired');
    return undefined;
  }
}
