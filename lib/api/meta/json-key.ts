/** Texts to compare parsed values by. Addresses have numbers that JSON does not know. PURE. */

/** @returns a text that is equal if the values are; undefined for undefined. */
export function jsonKey(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? part.toString() : part));
}
