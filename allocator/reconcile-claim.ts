/**
 * Claims with a holder that has no name: made under `generateName`, when nobody knew the Service's name yet. The token finds the Service;
 * one that never came loses its claim after the grace period, once a live list says that no Service there has the token.
 */
import { type ClaimHolder, claimAddress, type EipClaim } from '../lib/api/claim.ts';
import { CLAIM_ANNOTATION } from '../lib/api/keys.ts';
import { keyOf } from '../lib/api/object.ts';
import { Claimer } from '../lib/ipam/claimer.ts';
import { pagesOf } from '../lib/kube/pages.ts';
import { SERVICES } from '../lib/kube/resource.ts';
import { type Address, formatAddress } from '../lib/net/address.ts';
import type { Again } from '../lib/process/level-loop.ts';
import { sameEntry } from './claim-writer.ts';
import { decideClaim } from './decide-claim.ts';
import type { Deps } from './ports.ts';
import { noSituation } from './service-upkeep.ts';

/** The cache will show the Service that the list has. */
const BEHIND_MS = 250;
/** One list serves all claims of a namespace that expire together. */
const LIST_GOOD_FOR_MS = 1_000;
const PAGE_SIZE = 500;

export interface ClaimReconcilerDeps extends Deps {
  /** Has the Service reconciled, which binds the claim. */
  readonly askService: (key: string) => void;
}

export class ClaimReconciler {
  readonly #deps: ClaimReconcilerDeps;
  #listed = new Map<string, { readonly atMs: number; readonly tokens: ReadonlySet<string> }>();

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
    const { world, client, config, nowMs, askService, log } = this.#deps;
    const graceMs = config.claimGraceSeconds * 1000;
    const owner = world.index.ownerOf(holder.namespace, holder.token);
    if (owner) {
      askService(keyOf(owner));
      // It may lose the token before the claim is bound to it, and then nobody has a word on the claim.
      return graceMs;
    }
    const now = nowMs();
    const seenMs = world.sightings.seenMs(claim, holder);
    const verdict = decideClaim(holder, { isUsed: false, nowMs: now, seenMs, graceMs });
    if (verdict.kind === 'wait') return verdict.untilMs - now;
    if (verdict.kind !== 'release') return undefined;
    if (await this.#isThere(holder, signal)) return BEHIND_MS;
    const claimer = new Claimer({ client, ledger: world.ledger, situation: noSituation });
    await claimer.release(address, sameEntry(holder));
    const { namespace } = holder;
    log.info({ namespace, address: formatAddress(address), reason: verdict.reason }, 'address released');
    return undefined;
  }

  /** The cache may be behind, and a token is no name that could be asked for; so the namespace is listed. */
  async #isThere({ namespace, token }: ClaimHolder, signal: AbortSignal): Promise<boolean> {
    const now = this.#deps.monotonicMs();
    const known = this.#listed.get(namespace);
    if (known && now - known.atMs < LIST_GOOD_FOR_MS) return known.tokens.has(token);
    const tokens = await this.#tokensIn(namespace, signal);
    // Old lists are of no more use; so the map stays as small as the burst.
    this.#listed = new Map([...this.#listed].filter(([, { atMs }]) => now - atMs < LIST_GOOD_FOR_MS));
    this.#listed.set(namespace, { atMs: now, tokens });
    return tokens.has(token);
  }

  async #tokensIn(namespace: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const tokens = new Set<string>();
    for await (const page of pagesOf(this.#deps.client, SERVICES, { namespace, limit: PAGE_SIZE, signal })) {
      for (const { metadata } of page.items) {
        const token = metadata.annotations?.[CLAIM_ANNOTATION];
        if (token) tokens.add(token);
      }
    }
    return tokens;
  }
}
