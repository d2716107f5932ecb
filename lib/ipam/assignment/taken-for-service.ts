/**
 * The addresses that are taken from the view of one Service: those with claims, and those that other Services publish. An address whose claim was deleted by hand is not
 * given to another Service until its own Service has claimed it again.
 */
import type { EipClaim } from '../../api/skycap/claim.ts';
import { type Address, addressOf } from '../../net/address.ts';
import type { AddressRange } from '../../net/range.ts';
import type { Taken } from '../choice/ledger.ts';
import type { Withheld } from '../pools/withheld.ts';

export class TakenForService implements Taken {
  readonly #ledger: Taken;
  readonly #isPublishedByOthers: (address: Address) => boolean;
  readonly #isClaimedByPublishers: (address: Address) => boolean;

  /**
   * @param isPublishedByOthers other Services publish the address, and this Service does not.
   * @param isClaimedByPublishers all other Services that publish the address have holders in its claim.
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

  /** At rest, every published address has a claim, and the first answer is valid. */
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
