/**
 * An IP address as an exact value: its family and its number.
 *
 * Pools are compared, ordered and counted by number, an IPv6 /64 included, so the number is a bigint. Input is parsed
 * strictly: no octal (`010.0.0.1`), no shorthand (`127.1`), no zone (`fe80::1%eth0`), no IPv4-mapped IPv6
 * (`::ffff:192.0.2.1`), because two readers may disagree about them (KEP-4858). Text is canonical: RFC 5952 for IPv6.
 */
import { isIPv4, isIPv6 } from 'node:net';

export type Family = 4 | 6;

/** Made by {@link parseAddress} or {@link addressOf} only, so that `value` is always within the family's range. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** Bits in an address of the family: 32 or 128. */
export function bitsOf(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** @throws {RangeError} when the number does not fit the family. */
export function addressOf(family: Family, value: bigint): Address {
  if (value < 0n || value >> BigInt(bitsOf(family)) !== 0n) {
    throw new RangeError(`Cannot make an IPv${family} address of ${value}: out of range`);
  }
  return { family, value };
}

/** @returns the address, or undefined when the text is not exactly one address in the accepted spelling. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, value: ipv4Value(text) };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const value = ipv6Value(text);
  return value >> 32n === 0xffffn ? undefined : { family: 6, value };
}

/** The canonical text: `192.0.2.7`, or RFC 5952 for IPv6 (lower case, longest run of zeros shortened). */
export function formatAddress(address: Address): string {
  return address.family === 4 ? formatIpv4(address.value) : formatIpv6(address.value);
}

/** Orders IPv4 before IPv6, then by number. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.family !== b.family) return a.family - b.family;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.value === b.value;
}

/** Loopback: 127.0.0.0/8 and ::1. */
export function isLoopback({ family, value }: Address): boolean {
  return family === 4 ? value >> 24n === 127n : value === 1n;
}

/** The eight groups of an IPv6 address, each of four hexadecimal digits. */
export function ipv6Groups(value: bigint): string[] {
  const digits = value.toString(16).padStart(32, '0');
  return Array.from({ length: 8 }, (_, i) => digits.slice(i * 4, i * 4 + 4));
}

/** By numbers, which are exact to 2^53 and ten times as quick as bigints. */
function ipv4Value(text: string): bigint {
  return BigInt(text.split('.').reduce((value, octet) => value * 256 + Number(octet), 0));
}

function formatIpv4(value: bigint): string {
  const number = Number(value);
  return `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
}

/** @param text accepted by `isIPv6`, so only its spelling has to be undone. */
function ipv6Value(text: string): bigint {
  const lastColon = text.lastIndexOf(':');
  const dotted = text.slice(lastColon + 1);
  const hex = dotted.includes('.') ? `${text.slice(0, lastColon + 1)}${dottedAsGroups(dotted)}` : text;
  const [head = '', tail] = hex.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

function dottedAsGroups(dotted: string): string {
  const value = ipv4Value(dotted);
  return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

function formatIpv6(value: bigint): string {
  const groups = ipv6Groups(value).map((group) => group.replace(/^0{1,3}/, ''));
  const run = longestZeroRun(groups);
  if (run.length < 2) return groups.join(':');
  const left = groups.slice(0, run.start).join(':');
  const right = groups.slice(run.start + run.length).join(':');
  return `${left}::${right}`;
}

/** The first of the longest runs of `0` groups (RFC 5952 §4.2.3). */
function longestZeroRun(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, i) => {
    if (group !== '0') start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  });
  return best;
}
