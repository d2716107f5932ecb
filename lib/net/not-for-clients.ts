/** Addresses that mean something else to every machine on the way. Published, 127.0.0.1 would have kube-proxy send what a node says to itself to the Service. */
import { type AddressRange, parseRange, rangesOverlap } from './range.ts';

const NOT_FOR_CLIENTS: readonly (readonly [prefix: string, what: string])[] = [
  ['0.0.0.0/8', '"this network"'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
  ['::/127', 'unspecified and loopback'],
  ['fe80::/10', 'link-local'],
  ['ff00::/8', 'multicast'],
];

/** @returns `loopback addresses (127.0.0.0/8)`, where there are such in the range. */
export function notForClients(range: AddressRange): string | undefined {
  const [prefix, what] = NOT_FOR_CLIENTS.find(([text]) => overlaps(text, range)) ?? [];
  return prefix === undefined ? undefined : `${what} addresses (${prefix})`;
}

function overlaps(prefix: string, range: AddressRange): boolean {
  const parsed = parseRange(prefix);
  return parsed.ok && rangesOverlap(parsed.range, range);
}
