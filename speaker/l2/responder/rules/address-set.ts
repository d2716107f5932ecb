/** A set of addresses for a lookup in every frame: by number, without a text of each. Pure. */
import type { Address } from '../../../../lib/net/address.ts';

export class AddressSet {
  readonly #values: Readonly<Record<Address['family'], ReadonlySet<bigint>>>;

  constructor(addresses: readonly Address[] = []) {
    const valuesOf = (family: Address['family']) =>
      new Set(addresses.filter((address) => address.family === family).map(({ value }) => value));
    this.#values = { 4: valuesOf(4), 6: valuesOf(6) };
  }

  has({ family, value }: Address): boolean {
    return this.#values[family].has(value);
  }
}
