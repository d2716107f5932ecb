/**
 * Claims with a holder that has no name: made under `generateName`, when nobody knew the Service's name yet. The token finds the Service;
 * one that never came loses its claim after the grace period, once a live list says that no Service there has the token.
 */
import { type ClaimHolder, claimAddress, type EipClaim } from '../lib/api/claim.ts';
import { keyOf } from '../lib/api/object.ts';
import { Claimer } from '../lib/ipam/claimer.ts';
import { type Address, formatAddress } from '../lib/net/address.ts';
import type { Again } from '../lib/process/level-loop.ts';
import { sameEntry } from './claim-writer.ts';
import { decideClaim } from './decide-claim.ts';
import type { Deps } from './ports.ts';
import { noSituation } from './service-upkeep.ts';
import type { StoredTokens } from './stored-tokens.ts';
import { HURRIED_GRACE_MS, type StrayClaims } from './stray-claims.ts';

/** The cache will show the Service that the list has. */
const BEHIND_MS = 250;

export interface ClaimReconcilerDeps extends Deps {
  readonly strays: StrayClaims;
  readonly tokens: StoredTokens;
  /** Has the Service reconciled, which binds the claim. */
  readonly askService: (key: string) => void;
}

export class ClaimReconciler {
  readonly #deps: ClaimReconcilerDeps;

  constructor(deps: ClaimReconcilerDeps) {
    this.#deps = deps;
  }

  /** @param name of the claim. One at a time. */
  async reconcile(name: string, signal: AbortSignal): Promise<Again | undefined> {
    const address = claimAddress(name);
    const claim = address && this.#deps.world.ledger.claimOf(address);
    if (!claim) return undefined;
    const waits: number[] = [];
    for (const holder of claim.spec.holders.filter((one) => one.name === undefined)) {
      const waitMs = await this.#collect(claim, address, holder, signal);
      if (waitMs !== undefined) waits.push(waitMs);
    }
    return waits.length > 0 ? { againAfterMs: Math.max(1, Math.min(...waits)) } : undefined;
  }

  /** @returns after which time to look again. */
  async #collect(
    claim: EipClaim,
    address: Address,
    holder: ClaimHolder,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { world, client, config, nowMs, askService, strays, tokens, log } = this.#deps;
    const owner = world.index.ownerOf(holder.namespace, holder.token);
    if (owner) {
      askService(keyOf(owner));
      // It may lose the token before the claim is bound to it, and then nobody has a word on the claim.
      return config.claimGraceSeconds * 1000;
    }
    const now = nowMs();
    const seenMs = world.sightings.seenMs(claim, holder);
    const graceMs = strays.graceMs(claim, holder);
    const verdict = decideClaim(holder, { isUsed: false, nowMs: now, seenMs, graceMs });
    // It may be hurried by then.
    if (verdict.kind === 'wait') return Math.min(verdict.untilMs - now, HURRIED_GRACE_MS);
    if (verdict.kind !== 'release') return undefined;
    // The cache may be behind.
    if (await tokens.has(holder.namespace, holder.token, signal)) return BEHIND_MS;
    const claimer = new Claimer({ client, ledger: world.ledger, situation: noSituation });
    await claimer.release(address, sameEntry(holder));
    const { namespace } = holder;
    log.info({ namespace, address: formatAddress(address), reason: verdict.reason }, 'address released');
    return undefined;
  }
}
