/**
 * An address that a Service of ours publishes and has no claim on: its claim was deleted by hand, or it was given by OpenELB. It is claimed again
 * before anything is chosen, whatever the Service would get today: from an Eip that is disabled now, or bound to other namespaces; or from one that is gone, which may
 * come again; and beside others who publish it too, whether or not they agree to share it. PURE.
 */

import type { Eip } from '../../lib/api/eip/eip.ts';
import { parseEip } from '../../lib/api/eip/parse-eip.ts';
import { EIP_LABEL } from '../../lib/api/keys.ts';
import { hasOurCondition } from '../../lib/api/service/has-our-condition.ts';
import { publishedAddresses } from '../../lib/api/service/published-addresses.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { EipClaim } from '../../lib/api/skycap/claim.ts';
import type { HeldAddress } from '../../lib/ipam/choice/held-address.ts';
import type { Pools } from '../../lib/ipam/pools/pools.ts';
import { type Address, formatAddress, sameAddress } from '../../lib/net/address.ts';
import { wasGiven } from './decide-publication.ts';

export interface Reclaim {
  readonly address: Address;
  /** The one that has it; absent where none does, and there is a claim of the time when one did. */
  readonly eip: Eip | undefined;
  /** Others have a claim on it, to be joined. */
  readonly isHeld: boolean;
}

export function reclaimsFor(
  service: Service,
  heldAddresses: readonly HeldAddress[],
  pools: Pools,
  claimOf: (address: Address) => EipClaim | undefined,
): readonly Reclaim[] {
  const published = publishedAddresses(service);
  const has = (address: Address): boolean =>
    heldAddresses.some((heldAddress) => sameAddress(heldAddress.address, address));
  return published.flatMap((address) => {
    const eip = pools.containing(address) ?? formerEip(service, address);
    const isHeld = claimOf(address) !== undefined;
    if (has(address) || (!eip && !isHeld) || isStrange(address, service, heldAddresses)) return [];
    // Beside one that it holds, somebody else may have written there what others have.
    const hasOther = published.some((other) => other.family === address.family && has(other));
    return isHeld && hasOther ? [] : [{ address, eip, isHeld }];
  });
}

/** Another controller has written it, beside what was given or in its place. */
function isStrange(address: Address, service: Service, heldAddresses: readonly HeldAddress[]): boolean {
  if (!hasOurCondition(service) || wasGiven(address, service)) return false;
  return heldAddresses.some((held) => held.isEstablished && held.address.family === address.family);
}

/** What is known of an Eip that has the address no more: its name. Only for what was given: another controller may write the same status. */
function formerEip(service: Service, address: Address): Eip | undefined {
  const name = service.metadata.labels?.[EIP_LABEL];
  if (name === undefined || !wasGiven(address, service)) return undefined;
  const parsed = parseEip({ metadata: { name }, spec: { address: formatAddress(address) } });
  return parsed.ok ? parsed.value : undefined;
}
