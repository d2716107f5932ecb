/** The ledger without some claims: whether a Service could get its addresses by taking over one of these claims. */
import type { EipClaim } from '../../api/skycap/claim.ts';
import { claimAddress } from '../../api/skycap/claim.ts';
import { type Address, formatAddress } from '../../net/address.ts';
import { type AddressRange, rangeContains } from '../../net/range.ts';
import type { Taken } from '../choice/ledger.ts';

/** Most create calls are stored within this time. Younger claims are not taken over. */
export const GIVES_WAY_AFTER_MS = 1_000;

export class TakenButFor implements Taken {
  readonly #taken: Taken;
  /** By canonical address, in the order of preference. */
  readonly #without: ReadonlyMap<string, Address>;

  constructor(taken: Taken, claims: readonly EipClaim[]) {
    this.#taken = taken;
    const addresses = claims.flatMap(({ metadata: { name = '' } }) => claimAddress(name) ?? []);
    this.#without = new Map(addresses.map((address) => [formatAddress(address), address]));
  }

  claimOf(address: Address): EipClaim | undefined {
    return this.#isWithout(address) ? undefined : this.#taken.claimOf(address);
  }

  isTaken(address: Address): boolean {
    return !this.#isWithout(address) && this.#taken.isTaken(address);
  }

  /** Free addresses come first. */
  lowestFree(range: AddressRange): bigint | undefined {
    return this.#taken.lowestFree(range) ?? [...this.#without.values()].find((one) => rangeContains(range, one))?.value;
  }

  freeIn(range: AddressRange): bigint {
    const without = [...this.#without.values()].filter((address) => rangeContains(range, address));
    return this.#taken.freeIn(range) + BigInt(without.length);
  }

  isWhole(address: Address): boolean {
    return this.#taken.isWhole(address);
  }

  sharedBy(key: string): readonly EipClaim[] {
    return this.#taken.sharedBy(key).filter(({ spec }) => !this.#without.has(spec.address));
  }

  #isWithout(address: Address): boolean {
    return this.#without.has(formatAddress(address));
  }
}
