/**
 * BGP communities as numbers: standard (RFC 1997), large (RFC 8092), extended (RFC 4360, RFC 5668), and the well-known names. PURE.
 *
 * A Community has numbers and no text: no text of a user reaches bird.conf in a Community.
 */
import { parseAddress } from '../../net/address.ts';

export interface Community {
  readonly kind: 'standard' | 'large' | 'extended';
  /** Standard: two numbers of 16 bits. Large: three of 32 bits. Extended: two of 32 bits, the first with the type. */
  readonly numbers: readonly number[];
}

/** RFC 1997, 3765, 7611, 7999, 8326 and 9494; `internet`, `planned-shut` and `route-filter-…` are GoBGP's names. */
const WELL_KNOWN: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['internet', [0, 0]],
  ['graceful-shutdown', [65535, 0]],
  ['planned-shut', [65535, 0]],
  ['accept-own', [65535, 1]],
  ['route-filter-translated-v4', [65535, 2]],
  ['route-filter-v4', [65535, 3]],
  ['route-filter-translated-v6', [65535, 4]],
  ['route-filter-v6', [65535, 5]],
  ['llgr-stale', [65535, 6]],
  ['no-llgr', [65535, 7]],
  ['blackhole', [65535, 666]],
  ['no-export', [65535, 65281]],
  ['no-advertise', [65535, 65282]],
  ['no-export-subconfed', [65535, 65283]],
  ['no-peer', [65535, 65284]],
]);

/** In any case, with `-` or `_`. */
export function wellKnownCommunity(name: string): readonly [number, number] | undefined {
  return WELL_KNOWN.get(name.toLowerCase().replaceAll('_', '-'));
}

/** Second byte of the type: route target and route origin. `soo` (site of origin) is another name of the origin. */
const SUBTYPES: ReadonlyMap<string, number> = new Map([
  ['rt', 2],
  ['ro', 3],
  ['soo', 3],
]);

const SPELLINGS =
  'write 65000:100, the large 65000:1:2, the extended rt:65000:100 or ro:65000:100, or a name such as no-export';
const [BITS_16, BITS_32] = [0xffff, 0xffff_ffff];

/** @returns the message of a Problem where the text is no community. */
export function parseCommunity(text: string): Community | string {
  const known = wellKnownCommunity(text);
  if (known) return { kind: 'standard', numbers: known };
  const parts = text.split(':');
  const [head = '', ...rest] = parts;
  if (head === 'generic') return genericOf(rest);
  const subtype = SUBTYPES.get(head);
  if (subtype !== undefined) return extendedOf(subtype, rest);
  // MetalLB writes `large:` in front.
  const numbers = (head === 'large' ? rest : parts).map(decimal);
  if (numbers.includes(undefined)) return `is not a community; ${SPELLINGS}`;
  return ofNumbers(numbers as number[]);
}

/** Text that is equal exactly when two communities are. */
export function communityKey({ kind, numbers }: Community): string {
  return `${kind} ${numbers.join(' ')}`;
}

/** Each once, in a fixed order: attributes with the same communities are the same. */
export function canonicalCommunities(communities: readonly Community[]): readonly Community[] {
  const byKey = new Map(communities.map((one) => [communityKey(one), one]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function ofNumbers(numbers: readonly number[]): Community | string {
  if (numbers.length === 2 && numbers.every((one) => one <= BITS_16)) return { kind: 'standard', numbers };
  if (numbers.length === 3 && numbers.every((one) => one <= BITS_32)) return { kind: 'large', numbers };
  if (numbers.length === 2) {
    return 'has a number above 65535, which a standard community has no room for; write a large one such as 4200000000:1:2';
  }
  return `is not a community; ${SPELLINGS}`;
}

/** The administrator is an AS number of 16 or 32 bits, or an IPv4 address, and leaves 32 or 16 bits for the value. */
function extendedOf(subtype: number, parts: readonly string[]): Community | string {
  const [administrator = '', valueText = '', ...more] = parts;
  const value = decimal(valueText);
  const as = decimal(administrator);
  const address = parseAddress(administrator);
  const isIpv4 = address?.family === 4;
  if (value === undefined || more.length > 0 || (as === undefined && !isIpv4)) {
    return 'is not an extended community; write rt:65000:100, rt:4200000000:100 or rt:192.0.2.1:100';
  }
  if (as !== undefined && as <= BITS_16) return extended(subtype * 0x1_0000 + as, value);
  const type = isIpv4 ? 1 : 2;
  const administratorValue = isIpv4 ? Number(address.value) : (as ?? 0);
  if (administratorValue > BITS_32 || value > BITS_16) {
    return 'has a number that is too large: beside an AS number above 65535 or an address the value is at most 65535';
  }
  const first = type * 0x100_0000 + subtype * 0x1_0000 + Math.floor(administratorValue / 0x1_0000);
  return extended(first, (administratorValue % 0x1_0000) * 0x1_0000 + value);
}

function genericOf(parts: readonly string[]): Community | string {
  const numbers = parts.map((part) => (/^0x[0-9a-f]{1,8}$/i.test(part) ? Number(part) : decimal(part)));
  const [first, second] = numbers;
  if (numbers.length === 2 && first !== undefined && second !== undefined) return extended(first, second);
  return 'is not an extended community; write two numbers of 32 bits, such as generic:0x4004fde8:0x49742400';
}

function extended(first: number, second: number): Community | string {
  if (first > BITS_32 || second > BITS_32) return 'has a number of more than 32 bits; write smaller ones';
  return { kind: 'extended', numbers: [first, second] };
}

function decimal(text: string): number | undefined {
  return /^(0|[1-9][0-9]{0,9})$/.test(text) ? Number(text) : undefined;
}
