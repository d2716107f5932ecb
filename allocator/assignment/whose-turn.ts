/** Decides whether a Service leaves an address to a Service that has waited longer. PURE. */

import type { Waiting } from '../../lib/ipam/assignment/waiting-list.ts';
import { type Address, sameAddress } from '../../lib/net/address.ts';

/**
 * @param wanted free addresses that the Service would take.
 * @param before Services that have waited longer, and were not reconciled since an address came free.
 * @param wouldTake the addresses that one of these Services would get now; none if it would get none.
 */
export function isTurnOfAnother(
  wanted: readonly Address[],
  before: readonly Waiting[],
  wouldTake: (key: string) => readonly Address[],
): boolean {
  return before.some(({ key }) => wouldTake(key).some((address) => wanted.some((mine) => sameAddress(mine, address))));
}
