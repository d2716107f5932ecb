/**
 * Other spellings of addresses and ranges, as people bring them from elsewhere, and how to write the same so that it is read. PURE.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { addressOf, type Family, formatAddress } from './address.ts';

/** The meaning of a text, if it can be read as it stands. */
export type Read = (
  text: string,
) => { readonly family: Family; readonly first: bigint; readonly last: bigint } | undefined;

export interface Respelling {
  readonly other: string;
  /** The problem with the text, as it follows "it". */
  readonly why: string;
}

const ANY_DASH = /\s*(?:[-‐‑‒–—−~]+>?|→|\.{2,3}|\bto\b)\s*/giu;
const SPELLED_OTHERWISE = 'is not spelled as Skycap reads it';
/** These mean nothing without their zone. */
const LINK_LOCAL = /^fe[89ab][0-9a-f]:/i;
/** Two IPv6 addresses with lengths, and as much again. */
const LONGEST = 200;
const MAPPED = 'is an IPv6 spelling of IPv4 addresses';

/** @returns the first spelling that is read. */
export function respelling(text: string, read: Read): Respelling | undefined {
  if (text.length > LONGEST) return undefined;
  return spellings(text, read).find(({ other }) => other !== text && read(other) !== undefined);
}

function spellings(text: string, read: Read): Respelling[] {
  const tight = text.replaceAll(/\s+/g, '');
  const visible = text
    .replaceAll(/\p{Cf}/gu, '')
    .normalize('NFKC')
    .trim();
  const bare = visible.replace(/^- /, '').replaceAll(/[[\]"'`()]|[.,;]+$|^[,;]+/g, '');
  const plain = bare.replace(ANY_DASH, '-').replaceAll('\\', '/').replaceAll(/\s/g, '');
  const candidates: readonly (readonly [other: string | undefined, why: string])[] = [
    [masked(bare), 'has a mask'],
    [tight, 'has spaces in it'],
    [withoutPort(visible), 'has a port'],
    [plain, SPELLED_OTHERWISE],
    [plain.replaceAll(/(?<![\w:.])0+(?=\d+\.)|(?<=[./])0+(?=\d)/g, ''), 'has leading zeros'],
    [withoutLengths(plain, read), 'has a prefix length in a range'],
    [padded(plain), 'has fewer than four numbers'],
    [wildcard(plain), 'has a wildcard'],
    [completed(plain), `has the end ${JSON.stringify(plain.split('-')[1])}, which is no whole address`],
    [dotted(visible), SPELLED_OTHERWISE],
    [unmapped(plain), MAPPED],
    [LINK_LOCAL.test(plain) ? undefined : plain.replaceAll(/%[\w.-]*/g, ''), 'has a zone'],
    [plain.replace(/^\w+:\/\/([^/]+)\/?$/, '$1'), 'is a URL'],
    [/^[^:]+:[^:]+$/.test(plain) ? plain.replace(':', '-') : undefined, SPELLED_OTHERWISE],
  ];
  return candidates.flatMap(([other, why]) => (other === undefined ? [] : [{ other, why }]));
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`. */
function withoutPort(text: string): string | undefined {
  return /^\[(.+)\]:\d+$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1];
}

/** The last of `192.0.2.0/24-192.0.3.0/24` is 192.0.3.255; that of `192.0.2.1/24-192.0.2.9/24` is 192.0.2.9. */
function withoutLengths(text: string, read: Read): string | undefined {
  const [first = '', last = '', ...rest] = text.split('-');
  if (rest.length > 0 || !`${first}${last}`.includes('/')) return undefined;
  const [address = '', length] = last.split('/');
  const whole = length === undefined ? undefined : read(last);
  const isNetwork = whole !== undefined && read(address)?.first === whole.first;
  const end = isNetwork ? formatAddress(addressOf(whole.family, whole.last)) : address;
  return `${first.split('/')[0]}-${end}`;
}

/** `20` or `.20` after `192.0.2.1-` is 192.0.2.20; `ff` or `::ff` after `2001:db8::1-` is 2001:db8::ff. */
function completed(text: string): string | undefined {
  const [first = '', last = '', ...rest] = text.split('-');
  if (rest.length > 0) return undefined;
  if (isIPv6(first)) {
    const group = /^:{0,2}([0-9a-f]{1,4})$/i.exec(last)?.[1];
    return group === undefined ? undefined : `${first}-${first.replace(/[0-9a-f]*$/i, group)}`;
  }
  if (!isIPv4(first) || !/^\.?\d{1,3}(\.\d{1,3}){0,2}$/.test(last)) return undefined;
  const numbers = last.replace(/^\./, '').split('.');
  return `${first}-${[...first.split('.').slice(0, 4 - numbers.length), ...numbers].join('.')}`;
}

/** `10/8` is 10.0.0.0/8. */
function padded(text: string): string | undefined {
  const [, numbers = '', length] = /^(\d{1,3}(?:\.\d{1,3}){0,2})\.?\/(\d{1,2})$/.exec(text) ?? [];
  if (length === undefined) return undefined;
  return `${[...numbers.split('.'), '0', '0', '0'].slice(0, 4).join('.')}/${length}`;
}

/** `192.0.2.*` is 192.0.2.0/24. */
function wildcard(text: string): string | undefined {
  const [, numbers = '', stars = ''] = /^((?:\d{1,3}\.){1,3})((?:[*x]\.?)+)$/i.exec(text) ?? [];
  const count = stars.replaceAll('.', '').length;
  return count > 0 ? `${numbers}${Array(count).fill('0').join('.')}/${32 - 8 * count}` : undefined;
}

/** `192,0,2,1`. */
function dotted(text: string): string | undefined {
  return /^\d{1,3}([,。]\d{1,3}){3}$/.test(text) || text.includes('。') ? text.replaceAll(/[,。]/g, '.') : undefined;
}

/** `192.0.2.0/255.255.255.0`, with a space for the slash, or as a wildcard mask: 192.0.2.0/24. */
function masked(text: string): string | undefined {
  const [address = '', mask = ''] = text.split(/\s*\/\s*|\s+/);
  if (!isIPv4(address) || !isIPv4(mask)) return undefined;
  const bits = mask
    .split('.')
    .map((number) => Number(number).toString(2).padStart(8, '0'))
    .join('');
  if (/^1+0*$/.test(bits)) return `${address}/${bits.replaceAll('0', '').length}`;
  return /^0+1*$/.test(bits) ? `${address}/${bits.replaceAll('1', '').length}` : undefined;
}

/** `::ffff:192.0.2.1` and `::ffff:c000:201` are 192.0.2.1. */
function unmapped(text: string): string {
  return text
    .replaceAll(/::ffff:(?:0:)?([0-9a-f]{1,4}):([0-9a-f]{1,4})(?![0-9a-f:])/gi, (_, high: string, low: string) =>
      formatAddress(addressOf(4, BigInt((Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16)) >>> 0))),
    )
    .replaceAll(/::ffff:(?:0:)?(?=\d+\.)/gi, '')
    .replaceAll(/(?<=\.\d+\/)(\d+)/g, (length) => String(Number(length) > 96 ? Number(length) - 96 : length));
}
