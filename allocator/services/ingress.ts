/**
 * Computes `status.loadBalancer.ingress` with Skycap's entries in it. PURE.
 *
 * Skycap owns the entries of its own addresses and no others: host names and addresses of another controller keep their places. In its own entries Skycap owns `ip` and
 * `ipMode`; a host name or the state of ports that another controller adds to such an entry stays.
 */
import type { LoadBalancerIngress, Service } from '../../lib/api/service/service.ts';
import { type Address, formatAddress, parseAddress, sameAddress } from '../../lib/net/address.ts';

/** @param wanted Skycap's addresses, in this order. They take the places of Skycap's present entries, and the rest follows. */
export function withOwnEntries(
  present: readonly LoadBalancerIngress[],
  wanted: readonly Address[],
  isOwn: (address: Address) => boolean,
): LoadBalancerIngress[] {
  const entryOf = (address: Address): LoadBalancerIngress | undefined => present.find(isOf(address));
  const left = [...wanted];
  const entries: LoadBalancerIngress[] = [];
  let end: number | undefined;
  for (const entry of present) {
    const address = addressIn(entry);
    if (!address || !(isOwn(address) || wanted.some((one) => sameAddress(one, address)))) {
      entries.push(entry);
      continue;
    }
    const next = left.shift();
    if (next) end = entries.push(published(next, entryOf(next)));
    const isKept = entry === entryOf(address) && wanted.some((one) => sameAddress(one, address));
    if (!isKept) entries.push(...withoutAddress(entry));
  }
  entries.splice(end ?? entries.length, 0, ...left.map((address) => published(address, entryOf(address))));
  return entries;
}

export function ingressOf({ status }: Pick<Service, 'status'>): readonly LoadBalancerIngress[] {
  return status?.loadBalancer?.ingress ?? [];
}

export function sameEntry(a: LoadBalancerIngress, b: LoadBalancerIngress | undefined): boolean {
  const isSame = a.ip === b?.ip && a.hostname === b?.hostname && a.ipMode === b?.ipMode;
  return isSame && JSON.stringify(a.ports) === JSON.stringify(b?.ports);
}

/** `VIP` is explicit, so that kube-proxy takes the packets that arrive for the address. */
function published(address: Address, present: LoadBalancerIngress = {}): LoadBalancerIngress {
  const entry: LoadBalancerIngress = { ...present, ip: formatAddress(address), ipMode: 'VIP' };
  return sameEntry(entry, present) ? present : entry;
}

/** If the entry of an address goes or is a duplicate, the fields of other controllers in it stay. */
function withoutAddress({ hostname, ports }: LoadBalancerIngress): LoadBalancerIngress[] {
  return hostname ? [{ hostname, ...(ports && { ports }) }] : [];
}

function isOf(address: Address): (entry: LoadBalancerIngress) => boolean {
  return (entry) => {
    const other = addressIn(entry);
    return other !== undefined && sameAddress(other, address);
  };
}

function addressIn({ ip }: LoadBalancerIngress): Address | undefined {
  return parseAddress(ip ?? '');
}
