/**
 * An address that a Service of ours publishes and has no claim on: its claim was deleted by hand, or it was given by OpenELB. It is claimed again
 * before anything is chosen, whatever the Service would get today: from an Eip that is disabled now, or bound to other namespaces; or from one that is gone, which may
 * come again. PURE.
 */
import type { Eip } from '../lib/api/eip.ts';
import { EIP_LABEL } from '../lib/api/keys.ts';
import { parseEip } from '../lib/api/parse-eip.ts';
import { publishedAddresses } from '../lib/api/published-addresses.ts';
import type { Service } from '../lib/api/service.ts';
import type { Wants } from '../lib/api/wants.ts';
import type { Holding } from '../lib/ipam/holding.ts';
import type { Pools } from '../lib/ipam/pools.ts';
import { type Address, formatAddress, sameAddress } from '../lib/net/address.ts';
import { wasGiven } from './decide-service.ts';

export interface Reclaim {
  /** The one wish that this address fulfils. */
  readonly wants: Wants;
  /** Only its Eip, as if that were enabled. */
  readonly pools: Pools;
}

/** @param wants the Service's own; of a Service that can't be read, what it asks for as a matter of course. */
export function reclaimsFor(
  service: Service,
  wants: Wants,
  holdings: readonly Holding[],
  pools: Pools,
): readonly Reclaim[] {
  return publishedAddresses(service).flatMap((address) => {
    const eip = pools.containing(address) ?? formerEip(service, address);
    const isHeld = holdings.some((holding) => sameAddress(holding.address, address));
    if (isHeld || !eip) return [];
    return [{ wants: onlyFor(address, wants), pools: onlyWith(eip, pools) }];
  });
}

/** What is known of an Eip that has the address no more: its name. Only for what was given: another controller may write the same status. */
function formerEip(service: Service, address: Address): Eip | undefined {
  const name = service.metadata.labels?.[EIP_LABEL];
  if (name === undefined || !wasGiven(address, service)) return undefined;
  const parsed = parseEip({ metadata: { name }, spec: { address: formatAddress(address) } });
  return parsed.ok ? parsed.value : undefined;
}

function onlyFor(address: Address, { protocol: _, ...wants }: Wants): Wants {
  return { ...wants, addresses: [address], eipNames: [], families: [address.family], need: 'all' };
}

function onlyWith(eip: Eip, pools: Pools): Pools {
  return { ...pools, byName: new Map([[eip.name, { ...eip, disabled: false }]]) };
}
