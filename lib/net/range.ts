/**
 * A run of addresses, both ends included: what an Eip's `spec.address` means.
 *
 * Three spellings are accepted, OpenELB's (`api/v1alpha2/eip_types.go`): one address, a CIDR (host bits may be set; network and
 * broadcast address are part of it), and `first-last`. Spaces, masks, lists and mixed families are refused with the remedy.
 */
import { type Address, addressOf, bitsOf, type Family, formatAddress, parseAddress } from './address.ts';
import { rangeHint } from './range-hint.ts';

export interface AddressRange {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

export type ParsedRange =
  | { readonly ok: true; readonly range: AddressRange }
  | { readonly ok: false; readonly problem: string };

const SPELLINGS = 'write one address, a CIDR or a range, such as 198.51.100.0/24 or 198.51.100.7-198.51.100.20';

export function parseRange(text: string): ParsedRange {
  const parsed = readRange(text);
  if (parsed.ok) return parsed;
  const hint = rangeHint(text, (other) => {
    const read = readRange(other);
    return read.ok ? read.range : undefined;
  });
  return hint === undefined ? parsed : refused(hint);
}

/** Host bits of a CIDR, which mean nothing: the CIDR as it is read, where it is written otherwise. */
export function withoutHostBits(text: string): string | undefined {
  const [addressText = '', length = ''] = text.split('/');
  const [address, parsed] = [parseAddress(addressText), readRange(text)];
  if (!text.includes('/') || !address || !parsed.ok || address.value === parsed.range.first) return undefined;
  return `${formatAddress(firstAddress(parsed.range))}/${length}`;
}

function readRange(text: string): ParsedRange {
  if (text.includes('/')) return parseCidr(text);
  if (text.includes('-')) return parseFirstLast(text);
  const address = parseAddress(text);
  return address ? rangeOf(address, address) : refused(`is not an IP address; ${SPELLINGS}`);
}

/** The number of addresses; 2^64 for an IPv6 /64. */
export function rangeSize(range: AddressRange): bigint {
  return range.last - range.first + 1n;
}

export function rangeContains(range: AddressRange, address: Address): boolean {
  return range.family === address.family && range.first <= address.value && address.value <= range.last;
}

/** Whether every address of `inner` is in `outer`. */
export function rangeCovers(outer: AddressRange, inner: AddressRange): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

export function rangesOverlap(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

export function sameRange(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first === b.first && a.last === b.last;
}

/** Every address of a family. */
export function allOf(family: Family): AddressRange {
  return { family, first: 0n, last: (1n << BigInt(bitsOf(family))) - 1n };
}

export function firstAddress(range: AddressRange): Address {
  return addressOf(range.family, range.first);
}

export function lastAddress(range: AddressRange): Address {
  return addressOf(range.family, range.last);
}

/** `192.0.2.7`, or both ends with a dash between them. */
export function rangeText(range: AddressRange): string {
  const first = formatAddress(firstAddress(range));
  return range.first === range.last ? first : `${first}-${formatAddress(lastAddress(range))}`;
}

function parseCidr(text: string): ParsedRange {
  const [addressText = '', lengthText = '', ...rest] = text.split('/');
  const address = parseAddress(addressText);
  if (!address || rest.length > 0) return refused(`is not a CIDR; ${SPELLINGS}`);
  const bits = bitsOf(address.family);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(lengthText) || Number(lengthText) > bits) {
    return refused(`has the prefix length "${lengthText}"; write a number from 0 to ${bits}`);
  }
  const hostMask = (1n << BigInt(bits - Number(lengthText))) - 1n;
  const first = address.value & ~hostMask;
  return rangeOf(addressOf(address.family, first), addressOf(address.family, first | hostMask));
}

function parseFirstLast(text: string): ParsedRange {
  const [firstText = '', lastText = '', ...rest] = text.split('-');
  const first = parseAddress(firstText);
  const last = parseAddress(lastText);
  if (!first || !last || rest.length > 0) return refused(`is not a range of two addresses; ${SPELLINGS}`);
  if (first.family !== last.family) return refused('mixes IPv4 and IPv6; make one Eip for each family');
  if (first.value > last.value) {
    const turned = rangeOf(last, first);
    return turned.ok ? refused(`is reversed; write ${rangeText(turned.range)}`) : turned;
  }
  return rangeOf(first, last);
}

/** `::ffff:0:0/96`: these spell IPv4 addresses, and `parseAddress` reads none of them. */
const IPV4_MAPPED: AddressRange = { family: 6, first: 0xffff_0000_0000n, last: 0xffff_ffff_ffffn };

function rangeOf(first: Address, last: Address): ParsedRange {
  const range: AddressRange = { family: first.family, first: first.value, last: last.value };
  if (rangesOverlap(range, IPV4_MAPPED)) {
    return refused('has IPv4-mapped addresses (::ffff:0:0/96) in it; write a range without them');
  }
  return { ok: true, range };
}

function refused(problem: string): ParsedRange {
  return { ok: false, problem };
}
