/** The probable meaning of a text that is not one address, and the text to write instead. PURE. The end of a sentence. */
import { type Address, addressOf, formatAddress, parseAddress } from './address.ts';
import { type AddressRange, parseRange, rangeSize } from './range.ts';
import { isList, numbersHint, strangeHint } from './range-hint.ts';
import { type Read, respelling } from './respelling.ts';

export interface AddressHintOptions {
  /** One that may be written there. */
  readonly example: string;
  /** The sentence for a list. */
  readonly oneOnly: string;
}

export function addressHint(text: string, { example, oneOnly }: AddressHintOptions): string {
  const range = parseRange(text);
  if (range.ok) return rangeText(text, range.range);
  const isHostName = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}\.?$/i.test(text);
  const remedy = `write one such as ${example}`;
  if (isHostName) return `is not an IP address, and host names are not looked up; ${remedy}`;
  if (isList(text, (part) => parseAddress(part) !== undefined)) return `is a list; ${oneOnly}`;
  const found = respelling(text, readAddress);
  if (found) return `${found.why}; write ${found.other}`;
  return numbersHint(text) ?? strangeHint(text) ?? `is not an IP address; ${remedy}`;
}

const readAddress: Read = (text) => {
  const address = parseAddress(text);
  return address && { family: address.family, first: address.value, last: address.value };
};

/** A prefix length behind an address is that of its network. */
function rangeText(text: string, range: AddressRange): string {
  const written = parseAddress(text.split('/')[0] ?? '');
  if (written && (written.value !== range.first || rangeSize(range) === 1n)) {
    return `has a prefix length; write ${formatAddress(written)}`;
  }
  return `is not one address but a range; write one of it, such as ${formatAddress(oneOf(range))}`;
}

/** The first may be the network's own. */
function oneOf({ family, first, last }: AddressRange): Address {
  return addressOf(family, first + 1n < last ? first + 1n : last);
}
