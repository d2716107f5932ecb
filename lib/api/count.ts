/**
 * Counts of addresses, the same in messages, in `status` and in metrics. An IPv6 /64 has 2^64 addresses, and the readers of JSON agree on whole numbers up to 2^53-1
 * only: what is more is shown as that number, in sentences with the words `more than`.
 */
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

/** For `status` and metrics: the count, or 2^53-1 where it is more. */
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
