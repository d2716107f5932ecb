/**
 * The subnets of this node's interfaces on which Services may get addresses by layer 2, and the next hops of its default routes: by them the allocator and the
 * webhook know which addresses no Service may be given.
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { MOST_NETWORKS, type SpeakerObject } from '../../lib/api/skycap/speaker-types.ts';
import { addressOf, bitsOf, type Family, formatAddress, parseAddress } from '../../lib/net/address.ts';
import { parseRange, withoutHostBits } from '../../lib/net/range.ts';

export type NodeSegments = Pick<NonNullable<SpeakerObject['status']>, 'networks' | 'gateways'>;

export interface NodeLinks {
  /** Addresses of the node: an interface with one of them counts. */
  readonly nodeAddresses: readonly string[];
  /** Interfaces that layer 2 uses. */
  readonly interfaces: readonly string[];
}

type Interfaces = Readonly<
  Record<string, readonly { readonly address: string; readonly cidr: string | null }[] | undefined>
>;

export function readNodeSegments(links: NodeLinks): NodeSegments {
  const networks = bounded(networksOf(networkInterfaces(), links));
  const routes = [...gatewaysIn(textOf('/proc/net/route'), 4), ...gatewaysIn(textOf('/proc/net/ipv6_route'), 6)];
  const gateways = bounded(routes);
  return { ...(networks.length > 0 && { networks }), ...(gateways.length > 0 && { gateways }) };
}

/** `192.0.2.0/24` for an interface with 192.0.2.7/24. */
export function networksOf(interfaces: Interfaces, { nodeAddresses, interfaces: names }: NodeLinks): string[] {
  return Object.entries(interfaces).flatMap(([name, addresses = []]) => {
    const isNodes = addresses.some(({ address }) => nodeAddresses.includes(address));
    if (!isNodes && !names.includes(name)) return [];
    return addresses.flatMap(({ address, cidr }) => {
      const parsed = parseAddress(address);
      if (!cidr || !parsed || (parsed.family === 6 && parsed.value >> 118n === 0x3fan)) return [];
      return parseRange(cidr).ok ? [withoutHostBits(cidr) ?? cidr] : [];
    });
  });
}

/** Words of a line: the destination, its length or mask, the next hop; IPv4 in the byte order of the machine, which is little-endian wherever this runs. */
const COLUMNS: Readonly<Record<Family, { readonly to: number; readonly length: number; readonly via: number }>> = {
  4: { to: 1, length: 7, via: 2 },
  6: { to: 0, length: 1, via: 4 },
};

/** @param routes `/proc/net/route` or `/proc/net/ipv6_route`. */
export function gatewaysIn(routes: string, family: Family): string[] {
  const { to, length, via } = COLUMNS[family];
  const isZero = (word: string | undefined): boolean => word !== undefined && /^0+$/.test(word);
  return routes.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const hop = words[via] ?? '';
    if (!isZero(words[to]) || !isZero(words[length]) || isZero(hop) || hop.length !== bitsOf(family) / 4) return [];
    const digits = family === 4 ? (hop.match(/../g) ?? []).reverse().join('') : hop;
    return /^[0-9a-fA-F]+$/.test(digits) ? [formatAddress(addressOf(family, BigInt(`0x${digits}`)))] : [];
  });
}

function bounded(all: readonly string[]): readonly string[] {
  return [...new Set(all)].sort().slice(0, MOST_NETWORKS);
}

/** Where there is no IPv6 there is no such file. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
