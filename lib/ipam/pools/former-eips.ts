/**
 * Remembers Eips that were deleted or lost addresses by an edit, while Services publish addresses that only these Eips had: such an address stays, and so does its kind
 * of announcement. In memory only.
 */
import type { Eip } from '../../api/eip/eip.ts';
import type { Parsed } from '../../api/problem.ts';
import type { Address } from '../../net/address.ts';
import { rangeContains, rangeCovers } from '../../net/range.ts';

export class FormerEips {
  #eips: readonly Eip[] = [];

  /** @param published the published addresses, by which an Eip is remembered; called only if an Eip has changed. */
  changed(before: Parsed<Eip> | undefined, now: Parsed<Eip> | undefined, published: () => readonly Address[]): void {
    const isLeft = before?.ok && !(now?.ok && covers(now.value, before.value));
    const all = isLeft ? [before.value, ...this.#eips] : this.#eips;
    this.#eips = all;
    this.prune(published);
  }

  /** The latest first. */
  get all(): readonly Eip[] {
    return this.#eips;
  }

  /** Forgets Eips without published addresses. @returns whether there were any. */
  prune(published: () => readonly Address[]): boolean {
    const before = this.#eips.length;
    if (before === 0) return false;
    const addresses = published();
    this.#eips = this.#eips.filter(({ range }) => addresses.some((address) => rangeContains(range, address)));
    return this.#eips.length < before;
  }

  containing(address: Address): Eip | undefined {
    return this.#eips.find(({ range }) => rangeContains(range, address));
  }
}

/** The present Eip has every address of the former one. */
function covers({ range: now }: Eip, { range: before }: Eip): boolean {
  return rangeCovers(now, before);
}
