/**
 * Finds the addresses that a Service of Skycap publishes without a claim: a user deleted the claim, or OpenELB gave the address. The allocator claims such an address
 * again before it chooses an address, whatever the Service would get now. The Eip may be disabled, bound to other namespaces, or gone and perhaps created again later.
 * Other Services may publish the address too, with or without consent. PURE.
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
  /** The Eip that contains the address. Absent: no Eip contains it, and there is a claim from an earlier Eip. */
  readonly eip: Eip | undefined;
  /** Whether other Services have a claim on the address. This Service then joins that claim. */
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
    // Another controller may have written an address of other Services beside a held address.
    const hasOther = published.some((other) => other.family === address.family && has(other));
    return isHeld && hasOther ? [] : [{ address, eip, isHeld }];
  });
}

/** Whether another controller has written the address, beside the given address or in its place. */
function isStrange(address: Address, service: Service, heldAddresses: readonly HeldAddress[]): boolean {
  if (!hasOurCondition(service) || wasGiven(address, service)) return false;
  return heldAddresses.some((held) => held.isEstablished && held.address.family === address.family);
}

/** An Eip that no longer has the address, by its name. Only for an address that Skycap gave: another controller may write the same status. */
function formerEip(service: Service, address: Address): Eip | undefined {
  const name = service.metadata.labels?.[EIP_LABEL];
  if (name === undefined || !wasGiven(address, service)) return undefined;
  const parsed = parseEip({ metadata: { name }, spec: { address: formatAddress(address) } });
  return parsed.ok ? parsed.value : undefined;
}
