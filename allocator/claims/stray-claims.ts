/**
 * Claims without a Service: made in a create call that goes on, or was refused after admission by a quota or a policy. They give way.
 *
 * - To a Service of another namespace that exists and lacks an address at once, and to one of their own after some seconds: it takes the claim over by one compare-and-swap, so
 *   that nobody who creates Services at that moment is quicker.
 * - Within seconds where addresses are scarce or shared, and where a namespace has more than a few of them, the oldest first.
 *
 * The Service of the create call may be stored after that. It finds that the claim is another's, was not published, and gets another address. The claim decides:
 * while it is being taken over, its holder is bound before the address is published (`sync-claims.ts`).
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

/** To Services of its own namespace, and where addresses are scarce or shared, or a namespace has many; longer while many Services are created at once. */
export const HURRIED_GRACE_MS = 5_000;
/** More for each create call that may be under way: they share one API server, and the address in an answer must stay its Service's. */
const PER_CREATION_MS = 100;
/** The last of many take longer than those that were stored before. */
const SLOWER_THAN_SEEN = 2;
/** However slow they are. */
const MOST_HURRIED_MS = 20_000;
/** So many of a namespace, the youngest, are given the whole grace period. */
const FEW = 4;
/** An eighth of an Eip, or less, is free, or so few addresses. */
const SCARCE = 8n;
const SCARCE_FEW = 2n;
/** The Service is stored after all; the watch will show it. */
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
  /** By name of the claim, until when it is left alone. */
  readonly #left = new Map<string, number>();

  constructor(deps: StrayClaimsDeps) {
    this.#deps = deps;
  }

  /** The claims that give way now to a Service of this namespace, the oldest first. */
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
   * @returns whether there is any, of any age, and the claims that give way now, as texts: with a new text a waiting Service may take a claim.
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

  /** How long a claim may wait for its Service. One that is younger than the shortest time is judged when it has that age: in a flood of creations all are younger. */
  graceMs(claim: EipClaim, holder: ClaimHolder): number {
    const { graceMs, cluster } = this.#deps;
    const shortestMs = Math.min(graceMs, HURRIED_GRACE_MS);
    // Before the strays are gone through: measured later, the holder would be older than itself.
    const ageMs = cluster.holderFirstSeen.ageMs(claim, holder);
    if (ageMs < shortestMs) return shortestMs;
    const strays = this.#strays();
    const isHurried = this.#isShared(claim) || this.#isScarce(claim) || isOneOfMany(holder, ageMs, strays);
    return isHurried ? Math.min(graceMs, this.#hurriedMs(strays)) : graceMs;
  }

  /**
   * Has a claim written that gives way, unless its Service is there after all.
   *
   * @param write replaces the holders, if the claim has not changed since it was looked at.
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

  /** By the cache. */
  #isStray(claim: EipClaim, holder: ClaimHolder): boolean {
    const { cluster } = this.#deps;
    const { namespace, name, uid, token } = holder;
    if (uid !== undefined || cluster.holderFirstSeen.wasStored(claim, holder)) return false;
    if (name !== undefined) return cluster.services.get(keyFor(namespace, name)) === undefined;
    return cluster.index.ownerOf(namespace, token) === undefined;
  }

  /** A Service of another type has no address: an update that would make it a load balancer is under way, or has failed. */
  async #isThere({ namespace, name, token }: ClaimHolder, signal: AbortSignal): Promise<boolean> {
    const { client, tokens } = this.#deps;
    if (name === undefined) return tokens.has(namespace, token, signal);
    const service = await getOrUndefined(client, SERVICES, { namespace, name }, signal);
    return service?.spec?.type === 'LoadBalancer';
  }

  /** Another holder has a Service: the address does not give way, and neither do the ports that are held there. */
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
