/**
 * Counts of addresses in messages, `status` and metrics. An IPv6 /64 has 2^64 addresses, and readers of JSON agree only on integers up to 2^53-1. A larger count is
 * shown as that number, in sentences as `more than`.
 */
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

/** For `status` and metrics: the count, at most 2^53-1. */
export function toCount(addresses: bigint): number {
  return Number(addresses < LARGEST ? addresses : LARGEST);
}

/** For sentences: `12`, or `more than 9007199254740991`. */
export function countText(addresses: bigint): string {
  return addresses > LARGEST ? `more than ${LARGEST}` : String(addresses);
}

export function addressesText(addresses: bigint): string {
  return addresses === 1n ? '1 address' : `${countText(addresses)} addresses`;
}

/** `1 node`, `2 nodes`. */
export function quantityText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
