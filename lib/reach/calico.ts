/**
 * The addresses of load balancers that Calico announces by BGP: `spec.serviceLoadBalancerIPs` of Calico's BGPConfiguration `default`. Most clusters do not have the kind, and the
 * prefixes seldom change, so the allocator reads the object now and then and does not watch it.
 */
import type { KubeObject } from '../api/meta/object.ts';
import { type AddressRange, parseRange, rangeCovers, rangesOverlap } from '../net/range.ts';

/** Parts of Calico's object, which Skycap does not own: no field is sure to be there. */
interface CalicoBgpConfiguration extends KubeObject {
  readonly spec?: { readonly serviceLoadBalancerIPs?: readonly { readonly cidr?: unknown }[] };
}

/** `part` of the addresses of an Eip, or `all`. */
export type CalicoShare = 'none' | 'part' | 'all';

/** A prefix that can't be parsed is skipped: Calico refuses such a prefix. */
export function calicoRanges(object: KubeObject | undefined): readonly AddressRange[] {
  return ((object as CalicoBgpConfiguration | undefined)?.spec?.serviceLoadBalancerIPs ?? []).flatMap(({ cidr }) => {
    const parsed = typeof cidr === 'string' ? parseRange(cidr) : undefined;
    return parsed?.ok ? [parsed.range] : [];
  });
}

export function calicoShare(ranges: readonly AddressRange[], range: AddressRange): CalicoShare {
  if (!ranges.some((one) => rangesOverlap(one, range))) return 'none';
  return ranges.some((one) => rangeCovers(one, range)) ? 'all' : 'part';
}
