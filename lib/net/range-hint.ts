/**
 * The probable meaning of a text that is no range, and the text to write instead. Called only for texts that `parseRange` does not read. PURE.
 *
 * A sentence's end, such as `the end ".259" is no address; write a whole one, with numbers from 0 to 255`.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { type Read, respelling } from './respelling.ts';

const WHOLE_NUMBERS = 'write a whole one, with numbers from 0 to 255';
const WHOLE_ADDRESSES = 'write a whole one, such as 2001:db8::ff';
const TWO_ADDRESSES = 'write two, such as 198.51.100.7-198.51.100.20';
const LONGEST_SHOWN = 64;
const BETWEEN_PARTS = /[,;|\n]|\s(?:and|or)\s/;

export function rangeHint(text: string, read: Read): string | undefined {
  const found = respelling(text, read);
  if (found) return `${found.why}; write ${found.other}`;
  if (isList(text, (part) => read(part) !== undefined)) return IS_A_LIST;
  return text.includes('-') && !text.includes('/') ? endHint(text.trim()) : (numbersHint(text) ?? strangeHint(text));
}

const IS_A_LIST = 'is a list; write one Eip for each of its parts';

/** With spaces alone between them, the parts have to be read. */
export function isList(text: string, reads: (part: string) => boolean): boolean {
  if (partsOf(text).length > 1) return true;
  const words = text.trim().split(/\s+/);
  return words.length > 1 && words.every(reads);
}

function partsOf(text: string): string[] {
  return text.split(BETWEEN_PARTS).filter((part) => part.trim() !== '');
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

/** Digits and dots that are no IPv4 address. */
export function numbersHint(text: string): string | undefined {
  const [address = ''] = text.trim().split('/');
  if (!/^\d+(\.\d+)+$/.test(address) || isIPv4(address)) return undefined;
  const count = address.split('.').length;
  return count === 4
    ? `is not an IP address; ${WHOLE_NUMBERS}, without leading zeros`
    : `is not an IP address: it has ${count} numbers; write four, from 0 to 255`;
}

/** An address of one link, and digits of another script, which look like digits. */
export function strangeHint(text: string): string | undefined {
  if (/^\s*fe[89ab][0-9a-f]:.*%/i.test(text))
    return 'is link-local: it is an address on one link only; write a global one';
  const [strange] = /[^\p{ASCII}]/u.exec(text) ?? [];
  if (strange === undefined || !/\p{Nd}/u.test(text)) return undefined;
  return `has ${JSON.stringify(strange)} in it; write it with the digits 0 to 9`;
}
