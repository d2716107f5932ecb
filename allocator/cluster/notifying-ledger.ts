/**
 * A ledger that calls back synchronously when an address comes free. After a later callback, a Service that was reconciled meanwhile would have taken the address from
 * Services that have waited longer.
 */
import { type ClaimHolder, claimAddress, type EipClaim } from '../../lib/api/skycap/claim.ts';
import { Ledger } from '../../lib/ipam/choice/ledger.ts';
import { requestIn, requestText } from '../../lib/ipam/claims/holder-entry.ts';
import type { Address } from '../../lib/net/address.ts';

export class NotifyingLedger extends Ledger {
  /** Called when an address, or a port of a shared address, comes free: a holder is gone, or has another request. */
  onFreed: () => void = () => {};

  override apply(claim: EipClaim): void {
    const address = claimAddress(claim.metadata.name ?? '');
    const before = (address && this.claimOf(address)?.spec.holders) ?? [];
    super.apply(claim);
    const after = (address && this.claimOf(address)?.spec.holders) ?? [];
    if (before.length > after.length || before.some((holder) => !after.some(asks(holder)))) this.onFreed();
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
      // The claim could not be created. Otherwise the address is taken by now.
      if (!this.isTaken(address)) this.onFreed();
    };
  }
}

/** The same holder except for its Service: binding a holder frees nothing. */
function asks(holder: ClaimHolder): (other: ClaimHolder) => boolean {
  const claimedRequest = requestText(requestIn(holder));
  return (other) => other === holder || requestText(requestIn(other)) === claimedRequest;
}
