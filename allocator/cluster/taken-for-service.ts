/**
 * What is taken, as one Service must see it: beside the claims, what other Services publish. When claims are deleted by hand, an address in
 * use is nobody's until its Service has claimed it again; meanwhile it is given to nobody else.
 */
import type { EipClaim } from '../../lib/api/skycap/claim.ts';
import type { Taken } from '../../lib/ipam/choice/ledger.ts';
import type { Withheld } from '../../lib/ipam/pools/withheld.ts';
import { type Address, addressOf } from '../../lib/net/address.ts';
import type { AddressRange } from '../../lib/net/range.ts';

export class TakenForService implements Taken {
  readonly #ledger: Taken;
  readonly #isPublishedByOthers: (address: Address) => boolean;
  readonly #isClaimedByPublishers: (address: Address) => boolean;

  /**
   * @param isPublishedByOthers and not by the Service.
   * @param isClaimedByPublishers all others who publish it are in its claim.
   */
  constructor(
    ledger: Taken,
    isPublishedByOthers: (address: Address) => boolean,
    isClaimedByPublishers: (address: Address) => boolean,
  ) {
    this.#ledger = ledger;
    this.#isPublishedByOthers = isPublishedByOthers;
    this.#isClaimedByPublishers = isClaimedByPublishers;
  }

  claimOf(address: Address): EipClaim | undefined {
    return this.#ledger.claimOf(address);
  }

  isTaken(address: Address): boolean {
    return this.#ledger.isTaken(address) || this.#isPublishedByOthers(address);
  }

  /** At rest every published address has its claim, and the first answer is the last. */
  lowestFree(range: AddressRange, _passedOver?: number, withheld?: Withheld): bigint | undefined {
    const lowest = (within: AddressRange): bigint | undefined => this.#ledger.lowestFree(within, 0, withheld);
    let free = lowest(range);
    while (free !== undefined && this.#isPublishedByOthers(addressOf(range.family, free))) {
      free = free < range.last ? lowest({ ...range, first: free + 1n }) : undefined;
    }
    return free;
  }

  freeIn(range: AddressRange, withheld?: Withheld): bigint {
    return this.#ledger.freeIn(range, withheld);
  }

  isWhole(address: Address): boolean {
    return this.#isClaimedByPublishers(address);
  }

  sharedBy(key: string): readonly EipClaim[] {
    return this.#ledger.sharedBy(key);
  }
}
