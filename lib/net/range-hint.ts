/**
 * What the author of a text that is no range probably meant, and what to write instead. Called only for what `parseRange` does not read; PURE.
 *
 * A sentence's end, such as `the end ".259" is no address; write a whole one, with numbers from 0 to 255`.
 */
import { isIPv4, isIPv6 } from 'node:net';

const ANY_DASH = /\s*(?:[-‐‑‒–—−~]|\.{2,3}|\bto\b)\s*/giu;
const WHOLE_NUMBERS = 'write a whole one, with numbers from 0 to 255';
const WHOLE_ADDRESSES = 'write a whole one, such as 2001:db8::ff';
const TWO_ADDRESSES = 'write two, such as 198.51.100.7-198.51.100.20';
const LONGEST_SHOWN = 64;

/** @param reads whether a text is a range. */
export function rangeHint(text: string, reads: (other: string) => boolean): string | undefined {
  if (/[,;]|\n/.test(text)) return 'is a list; write one Eip for each of its parts';
  const found = respelled(text).find(({ other }) => other !== text && reads(other));
  if (found) return `${found.why}; write ${found.other}`;
  if (/\s/.test(text.trim()) && text.trim().split(/\s+/).every(reads)) {
    return 'is a list; write one Eip for each of its parts';
  }
  return text.includes('-') && !text.includes('/') ? endHint(text.trim()) : numbersHint(text);
}

interface Respelling {
  readonly other: string;
  readonly why: string;
}

/** Other spellings of the same, as people bring them from elsewhere. */
function respelled(text: string): Respelling[] {
  const tight = text.replaceAll(/\s+/g, '');
  const plain = text
    .trim()
    .replace(ANY_DASH, '-')
    .replaceAll(/[[\]"'\s]/g, '');
  const [first = '', last = ''] = plain.split('-');
  const [address = '', mask = ''] = plain.split('/');
  const length = prefixLengthOf(mask);
  const candidates: readonly (readonly [other: string | undefined, why: string])[] = [
    [tight, 'has spaces in it'],
    [plain, 'is not spelled as Skycap reads it'],
    [plain.replaceAll(/(?<![\w:.])0+(?=\d+\.)|(?<=\.)0+(?=\d)/g, ''), 'has leading zeros'],
    [plain.includes('-') ? plain.replaceAll(/\/\d{1,3}(?=-|$)/g, '') : undefined, 'has a prefix length in a range'],
    [length === undefined ? undefined : `${address}/${length}`, 'has a mask'],
    [wildcard(plain), 'has a wildcard'],
    [completed(first, last), `has the end ${JSON.stringify(last)}, which is no whole address`],
  ];
  return candidates.flatMap(([other, why]) => (other === undefined ? [] : [{ other, why }]));
}

/** `20` or `.20` after `192.0.2.1-` is 192.0.2.20. */
function completed(first: string, last: string): string | undefined {
  if (!isIPv4(first) || !/^\.?\d{1,3}(\.\d{1,3}){0,2}$/.test(last)) return undefined;
  const numbers = last.replace(/^\./, '').split('.');
  return `${first}-${[...first.split('.').slice(0, 4 - numbers.length), ...numbers].join('.')}`;
}

/** `192.0.2.*` is 192.0.2.0/24. */
function wildcard(text: string): string | undefined {
  const [, numbers = '', stars = ''] = /^((?:\d{1,3}\.){1,3})((?:[*x]\.?)+)$/i.exec(text) ?? [];
  const count = stars.replaceAll('.', '').length;
  return count > 0 ? `${numbers}${Array(count).fill('0').join('.')}/${32 - 8 * count}` : undefined;
}

/** `255.255.255.0` is 24. */
function prefixLengthOf(mask: string): number | undefined {
  if (!isIPv4(mask)) return undefined;
  const bits = mask
    .split('.')
    .map((number) => Number(number).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : undefined;
}

function endHint(text: string): string | undefined {
  const ends = text.split('-').map((end) => end.trim());
  if (ends.length > 2) return `has ${ends.length - 1} dashes; write the first and the last address with one between`;
  const wrong = ends.findIndex((end) => !isIPv4(end) && !isIPv6(end));
  const end = ends[wrong];
  if (end === undefined) return undefined;
  const what = wrong === 0 ? 'start' : 'end';
  if (end === '') return `is not a range of two addresses: the ${what} is missing; ${TWO_ADDRESSES}`;
  const remedy = text.includes(':') ? WHOLE_ADDRESSES : /\d/.test(end) ? WHOLE_NUMBERS : TWO_ADDRESSES;
  return `is not a range of two addresses: the ${what} ${JSON.stringify(end.slice(0, LONGEST_SHOWN))} is no address; ${remedy}`;
}

function numbersHint(text: string): string | undefined {
  const [address = ''] = text.trim().split('/');
  return /^\d+(\.\d+){3}$/.test(address) && !isIPv4(address)
    ? `is not an IP address; ${WHOLE_NUMBERS}, without leading zeros`
    : undefined;
}
