/**
 * The ledger: an index over the EipClaims, fed by their watch and by this process's own writes.
 *
 * The API server is the lock; the ledger makes the choice quick and usually right. It also has the addresses that this process is about to claim (so that concurrent
 * choices differ), and addresses that a 409 has shown to be taken before the watch returned their claims.
 */

import { keyFor } from '../../api/meta/object.ts';
import { isNewer } from '../../api/meta/resource-version.ts';
import { SetIndex } from '../../api/meta/set-index.ts';
import { type ClaimHolder, claimAddress, type EipClaim } from '../../api/skycap/claim.ts';
import { iterable } from '../../kube/cache/iterable.ts';
import { type Address, type Family, formatAddress } from '../../net/address.ts';
import { IntervalSet } from '../../net/interval-set.ts';
import { type AddressRange, rangeSize } from '../../net/range.ts';
import type { Withheld } from '../pools/withheld.ts';

/** The part that decisions read. */
export interface Taken {
  claimOf(address: Address): EipClaim | undefined;
  /** Claimed, about to be claimed by this process, or found to be taken. */
  isTaken(address: Address): boolean;
  /** @param passedOver the number of lower addresses to leave to others (`contention.ts`); 0 in the allocator, which chooses alone. */
  lowestFree(range: AddressRange, passedOver?: number, withheld?: Withheld): bigint | undefined;
  freeIn(range: AddressRange, withheld?: Withheld): bigint;
  /** Claims with a holder of this sharing key, lowest address first. */
  sharedBy(key: string): readonly EipClaim[];
  /** Whether the claim names all Services that have the address, so that a joining Service can be judged by them. */
  isWhole(address: Address): boolean;
}

export class Ledger implements Taken {
  readonly #claims = new Map<string, EipClaim>();
  readonly #taken: Record<Family, IntervalSet> = { 4: new IntervalSet(), 6: new IntervalSet() };
  /** Canonical address → number of reservations beside a claim. */
  readonly #reserved = new Map<string, number>();
  /** The same, for addresses that a Service without a holder may publish. */
  readonly #doubted = new Map<string, number>();
  readonly #byHolder = new SetIndex();
  readonly #byToken = new SetIndex();
  readonly #bySharingKey = new SetIndex();

  /**
   * Adds a claim of the API server. An older version than the known one is ignored, be it of the same claim or of a former claim of the address: the watch lags behind
   * this process's own writes.
   */
  apply(claim: EipClaim): void {
    const address = claimAddress(claim.metadata.name ?? '');
    if (!address) return;
    const key = formatAddress(address);
    const known = this.#claims.get(key);
    if (known && isNewer(known, claim)) return;
    if (known) this.#unindex(key, known);
    this.#claims.set(key, claim);
    this.#taken[address.family].add(address.value);
    for (const holder of claim.spec.holders) {
      for (const [index, indexKey] of this.#indexesOf(holder)) index.add(indexKey, key);
    }
  }

  /** @param uid forgets only the claim with this UID, not a later one of the same name. */
  forget(address: Address, uid?: string): void {
    const key = formatAddress(address);
    const known = this.#claims.get(key);
    if (!known || (uid !== undefined && known.metadata.uid !== uid)) return;
    this.#unindex(key, known);
    this.#claims.delete(key);
    this.#freeIfUnused(address, key);
  }

  /** Reserves the address until the returned function is called (once). */
  reserve(address: Address): () => void {
    const key = formatAddress(address);
    const end = countedIn(this.#reserved, key);
    this.#taken[address.family].add(address.value);
    return () => {
      end();
      this.#freeIfUnused(address, key);
    };
  }

  /** Reserves the address against choosing and joining, until the returned function is called (once). */
  reserveUntilClaimed(address: Address): () => void {
    const unreserve = this.reserve(address);
    const end = countedIn(this.#doubted, formatAddress(address));
    return () => {
      end();
      unreserve();
    };
  }

  isWhole(address: Address): boolean {
    return !this.#doubted.has(formatAddress(address));
  }

  claimOf(address: Address): EipClaim | undefined {
    return this.#claims.get(formatAddress(address));
  }

  claims(): Iterable<EipClaim> {
    return iterable(() => this.#claims.values());
  }

  isTaken(address: Address): boolean {
    return this.#taken[address.family].has(address.value);
  }

  lowestFree(range: AddressRange, passedOver = 0, withheld?: Withheld): bigint | undefined {
    const { family, first, last } = range;
    const taken = this.#taken[family];
    const lowest = taken.missingAfter(BigInt(passedOver), first, last);
    if (lowest === undefined || !withheld || withheld.isEmpty) return lowest;
    return firstInNeither(taken, withheld, lowest, last) ?? firstInNeither(taken, withheld, first, last);
  }

  freeIn(range: AddressRange, withheld?: Withheld): bigint {
    const { family, first, last } = range;
    const taken = this.#taken[family];
    if (!withheld || withheld.isEmpty) return rangeSize(range) - taken.countIn(first, last);
    let free = withheld.countUsable(first, last);
    for (const run of taken.runsIn(first, last)) free -= withheld.countUsable(run.first, run.last);
    return free;
  }

  sharedBy(key: string): readonly EipClaim[] {
    return this.#lookUp(this.#bySharingKey, key);
  }

  /** Claims with a holder of this name. */
  heldBy(namespace: string, name: string): readonly EipClaim[] {
    return this.#lookUp(this.#byHolder, keyFor(namespace, name));
  }

  /** Claims with a holder of this token in the namespace. */
  heldByToken(namespace: string, token: string): readonly EipClaim[] {
    return this.#lookUp(this.#byToken, keyFor(namespace, token));
  }

  #lookUp(index: SetIndex, key: string): readonly EipClaim[] {
    const claims = [...(index.get(key) ?? [])].map((address) => this.#claims.get(address)!);
    return claims.length < 2 ? claims : claims.sort(byName);
  }

  #freeIfUnused(address: Address, key: string): void {
    if (!this.#claims.has(key) && !this.#reserved.has(key)) this.#taken[address.family].delete(address.value);
  }

  #unindex(key: string, claim: EipClaim): void {
    for (const holder of claim.spec.holders) {
      for (const [index, indexKey] of this.#indexesOf(holder)) index.delete(indexKey, key);
    }
  }

  *#indexesOf(holder: ClaimHolder): Generator<[SetIndex, string]> {
    if (holder.name) yield [this.#byHolder, keyFor(holder.namespace, holder.name)];
    yield [this.#byToken, keyFor(holder.namespace, holder.token)];
    if (holder.sharingKey) yield [this.#bySharingKey, holder.sharingKey];
  }
}

/** Takes one step for each run of either below the result. */
function firstInNeither(taken: IntervalSet, withheld: Withheld, first: bigint, last: bigint): bigint | undefined {
  let value = taken.lowestMissing(first, last);
  while (value !== undefined) {
    const usable = withheld.skip(value, last);
    if (usable === value || usable === undefined) return usable;
    value = taken.lowestMissing(usable, last);
  }
  return undefined;
}

/** Adds one; the returned function removes it, once. */
function countedIn(counts: Map<string, number>, key: string): () => void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
  let isCounted = true;
  return () => {
    if (!isCounted) return;
    isCounted = false;
    const left = (counts.get(key) ?? 1) - 1;
    if (left > 0) counts.set(key, left);
    else counts.delete(key);
  };
}

function byName(a: EipClaim, b: EipClaim): number {
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
}
