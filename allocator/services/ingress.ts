/**
 * `status.loadBalancer.ingress` with our entries in it as they should be. PURE.
 *
 * Skycap owns the entries of its own addresses and no others: host names and addresses that another controller wrote stay where they stand. In an entry of ours
 * `ip` and `ipMode` are ours; a host name or the state of ports that another one adds to it stays.
 */
import type { LoadBalancerIngress, Service } from '../../lib/api/service/service.ts';
import { type Address, formatAddress, parseAddress, sameAddress } from '../../lib/net/address.ts';

/** @param wanted our addresses, in this order; they take the places of ours that stand there, and the rest follows. */
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

/** `VIP` said outright: kube-proxy has to take the packets that arrive for the address. */
function published(address: Address, present: LoadBalancerIngress = {}): LoadBalancerIngress {
  const entry: LoadBalancerIngress = { ...present, ip: formatAddress(address), ipMode: 'VIP' };
  return sameEntry(entry, present) ? present : entry;
}

/** Of an entry of an address that goes, or stands there twice, what another one has added stays. */
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
