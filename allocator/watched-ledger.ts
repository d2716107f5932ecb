/**
 * A ledger that tells, in the very moment, when something in it comes free. Were it told a few promises later, whoever happened to be looked at in
 * between would take the address from those who have waited longer.
 */
import { claimAddress, type EipClaim } from '../lib/api/claim.ts';
import { Ledger } from '../lib/ipam/ledger.ts';
import type { Address } from '../lib/net/address.ts';

export class WatchedLedger extends Ledger {
  /** Called when an address, or a place beside others who share one, comes free. */
  onFreed: () => void = () => {};

  override apply(claim: EipClaim): void {
    const address = claimAddress(claim.metadata.name ?? '');
    const before = address && this.claimOf(address)?.spec.holders.length;
    super.apply(claim);
    const after = address && this.claimOf(address)?.spec.holders.length;
    if ((before ?? 0) > (after ?? 0)) this.onFreed();
  }

  override forget(address: Address, uid?: string): void {
    const wasTaken = this.isTaken(address);
    super.forget(address, uid);
    if (wasTaken && !this.isTaken(address)) this.onFreed();
  }

  override reserve(address: Address): () => void {
    const release = super.reserve(address);
    return () => {
      release();
      // The claim could not be made; else it is taken by now.
      if (!this.isTaken(address)) this.onFreed();
    };
  }
}
