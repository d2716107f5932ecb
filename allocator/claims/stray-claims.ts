/**
 * Finds stray claims: claims without a Service, from a create call that goes on, or that a quota or a policy refused after admission. Stray claims give way:
 *
 * - A stored Service without an address takes over a stray claim of another namespace at once, and one of its own namespace after some seconds. It does so by one
 *   compare-and-swap, so that no concurrent create call gets the address first.
 * - If addresses are scarce or shared, the allocator releases a stray claim within seconds. If a namespace has more than a few stray claims, it releases the oldest so.
 *
 * The API server may store the Service of the create call later. That Service then finds that the claim is another Service's, was not published, and gets another
 * address. The claim decides: while a Service takes a claim over, the allocator binds its holder before it publishes the address (`sync-claims.ts`).
 */

import { keyFor } from '../../lib/api/meta/object.ts';
import { type ClaimHolder, claimAddress, type EipClaim } from '../../lib/api/skycap/claim.ts';
import { GIVES_WAY_AFTER_MS } from '../../lib/ipam/claims/taken-but-for.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { getOrUndefined } from '../../lib/kube/http/get-or-undefined.ts';
import { SERVICES } from '../../lib/kube/resource.ts';
import { rangeSize } from '../../lib/net/range.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { StoredTokens } from './stored-tokens.ts';

/**
 * The shorter grace period: for Services of the same namespace, for scarce or shared addresses, and for a namespace with many stray claims. Longer while many Services
 * are created.
 */
export const HURRIED_GRACE_MS = 5_000;
/** Added for each create call that may be under way: all share one API server, and the address in an answer must stay with its Service. */
const PER_CREATION_MS = 100;
/** The last calls of a burst take longer than the calls that have ended already. */
const SLOWER_THAN_SEEN = 2;
/** The upper limit, however slow the create calls are. */
const MOST_HURRIED_MS = 20_000;
/** The number of stray claims of a namespace, the youngest, that have the whole grace period. */
const FEW = 4;
/** Addresses are scarce if an eighth of an Eip or less is free, or this number of addresses or less. */
const SCARCE = 8n;
const SCARCE_FEW = 2n;
/** The time after a live read has found the Service stored: the watch shows it within this time. */
const THERE_FOR_MS = 5_000;

export interface StrayClaimsDeps {
  readonly cluster: ClusterState;
  readonly client: KubeClient;
  readonly tokens: StoredTokens;
  readonly graceMs: number;
  readonly monotonicMs: () => number;
}

interface Stray {
  readonly claim: EipClaim;
  readonly holder: ClaimHolder;
  readonly ageMs: number;
}

export class StrayClaims {
  readonly #deps: StrayClaimsDeps;
  /** Name of the claim → the time until which no Service may take it over. */
  readonly #left = new Map<string, number>();

  constructor(deps: StrayClaimsDeps) {
    this.#deps = deps;
  }

  /** The stray claims that a Service of this namespace may take over now, the oldest first. */
  givingWayTo(namespace: string): EipClaim[] {
    const strays = this.#strays();
    const hurriedMs = this.#hurriedMs(strays);
    return this.#givingWay(strays)
      .filter(({ holder, ageMs }) => holder.namespace !== namespace || ageMs >= hurriedMs)
      .sort((a, b) => b.ageMs - a.ageMs)
      .map(({ claim }) => claim);
  }

  /**
   * Goes through all claims without a Service.
   *
   * @returns whether there is any, of any age, and the claims that give way now, as texts. A new text means that a waiting Service may take over a claim.
   */
  look(): { readonly isAny: boolean; readonly givingWay: ReadonlySet<string> } {
    const strays = this.#strays();
    const hurriedMs = this.#hurriedMs(strays);
    const texts = this.#givingWay(strays).flatMap(({ claim, ageMs }) => {
      const { name = '' } = claim.metadata;
      return ageMs >= hurriedMs ? [name, `${name} to all`] : [name];
    });
    return { isAny: strays.length > 0, givingWay: new Set(texts) };
  }

  #givingWay(strays: readonly Stray[]): Stray[] {
    const { cluster, monotonicMs } = this.#deps;
    const nowMs = monotonicMs();
    for (const [name, untilMs] of this.#left) if (untilMs <= nowMs) this.#left.delete(name);
    return strays.filter(({ claim, ageMs }) => {
      const { name = '' } = claim.metadata;
      return (
        !this.#isShared(claim) && ageMs >= GIVES_WAY_AFTER_MS && !this.#left.has(name) && !cluster.beingTaken.has(name)
      );
    });
  }

  /** The grace period of a claim. A claim younger than the shortest grace period is judged at that age: during a burst of create calls all claims are younger. */
  graceMs(claim: EipClaim, holder: ClaimHolder): number {
    const { graceMs, cluster } = this.#deps;
    const shortestMs = Math.min(graceMs, HURRIED_GRACE_MS);
    // Measured before the iteration over the stray claims: measured later, the holder would be older than itself.
    const ageMs = cluster.holderFirstSeen.ageMs(claim, holder);
    if (ageMs < shortestMs) return shortestMs;
    const strays = this.#strays();
    const isHurried = this.#isShared(claim) || this.#isScarce(claim) || isOneOfMany(holder, ageMs, strays);
    return isHurried ? Math.min(graceMs, this.#hurriedMs(strays)) : graceMs;
  }

  /**
   * Has a stray claim written, unless its Service is stored after all.
   *
   * @param write replaces the holders if the claim has not changed since it was read.
   */
  async take(claim: EipClaim, write: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    const { cluster, monotonicMs } = this.#deps;
    const { name = '' } = claim.metadata;
    cluster.beingTaken.add(name);
    try {
      const isThere = await Promise.all(claim.spec.holders.map((holder) => this.#isThere(holder, signal)));
      if (!isThere.includes(true)) return await write();
      this.#left.set(name, monotonicMs() + THERE_FOR_MS);
      return false;
    } finally {
      cluster.beingTaken.delete(name);
    }
  }

  #hurriedMs({ length }: readonly Stray[]): number {
    const underWayMs = HURRIED_GRACE_MS + PER_CREATION_MS * length;
    const seenMs = SLOWER_THAN_SEEN * this.#deps.cluster.createDuration.longestMs();
    return Math.min(Math.max(underWayMs, seenMs), MOST_HURRIED_MS);
  }

  #strays(): Stray[] {
    const { cluster } = this.#deps;
    return [...cluster.holderFirstSeen.unstored()].flatMap((name) => {
      const address = claimAddress(name);
      const claim = address && cluster.ledger.claimOf(address);
      if (!claim) return [];
      const holders = claim.spec.holders.filter((holder) => this.#isStray(claim, holder));
      return holders.map((holder) => ({ claim, holder, ageMs: cluster.holderFirstSeen.ageMs(claim, holder) }));
    });
  }

  /** According to the cache. */
  #isStray(claim: EipClaim, holder: ClaimHolder): boolean {
    const { cluster } = this.#deps;
    const { namespace, name, uid, token } = holder;
    if (uid !== undefined || cluster.holderFirstSeen.wasStored(claim, holder)) return false;
    if (name !== undefined) return cluster.services.get(keyFor(namespace, name)) === undefined;
    return cluster.index.ownerOf(namespace, token) === undefined;
  }

  /** Whether the Service is stored as a load balancer. A Service of another type has no address: an update to LoadBalancer is under way, or has failed. */
  async #isThere({ namespace, name, token }: ClaimHolder, signal: AbortSignal): Promise<boolean> {
    const { client, tokens } = this.#deps;
    if (name === undefined) return tokens.has(namespace, token, signal);
    const service = await getOrUndefined(client, SERVICES, { namespace, name }, signal);
    return service?.spec?.type === 'LoadBalancer';
  }

  /** Whether another holder has a Service. The address then does not give way, and neither do the ports of that Service. */
  #isShared(claim: EipClaim): boolean {
    return !claim.spec.holders.every((holder) => this.#isStray(claim, holder));
  }

  #isScarce({ metadata: { name = '' } }: EipClaim): boolean {
    const { cluster } = this.#deps;
    const address = claimAddress(name);
    const eip = address && cluster.eips.pools.containing(address);
    if (!eip) return false;
    const free = cluster.ledger.freeIn(eip.range);
    return free <= SCARCE_FEW || free * SCARCE <= rangeSize(eip.range);
  }
}

function isOneOfMany({ namespace }: ClaimHolder, ageMs: number, strays: readonly Stray[]): boolean {
  const younger = strays.filter((one) => one.holder.namespace === namespace && one.ageMs < ageMs);
  return younger.length >= FEW;
}
