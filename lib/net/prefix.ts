/** Prefixes: the addresses that have a number of leading bits in common. */
import { type Address, addressOf, bitsOf, formatAddress } from './address.ts';
import type { AddressRange } from './range.ts';

/** The prefix of that length that has the address, as a range. */
export function prefixOf({ family, value }: Address, length: number): AddressRange {
  const hostMask = (1n << BigInt(bitsOf(family) - length)) - 1n;
  const first = value & ~hostMask;
  return { family, first, last: first | hostMask };
}

/** `198.51.100.0/24` */
export function prefixText(address: Address, length: number): string {
  const { family, first } = prefixOf(address, length);
  return `${formatAddress(addressOf(family, first))}/${length}`;
}
