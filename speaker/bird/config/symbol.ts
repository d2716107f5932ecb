/**
 * Names of BIRD's protocols made from names of objects.
 *
 * A symbol is letters, digits and `_`, at most 64 of them, and must not be a keyword: so each has a prefix, and the name after it is
 * spelled so that no two names give one symbol: `-` is `__`, any other character than a-z and 0-9 is `_` and its bytes in hexadecimal.
 * A name too long for that is cut and ends in its digest.
 */
import { createHash } from 'node:crypto';

const LONGEST_SYMBOL = 64;
const DIGEST_DIGITS = 32;

/** @param spare how many characters are to follow. */
export function symbolFor(prefix: string, name: string, spare = 0): string {
  const spelled = Array.from(name, spell).join('');
  const room = LONGEST_SYMBOL - prefix.length - spare;
  if (spelled.length <= room) return `${prefix}${spelled}`;
  // No spelling has `_L` in it, so a cut name is never that of another object.
  const digest = createHash('sha256').update(name).digest('hex').slice(0, DIGEST_DIGITS);
  return `${prefix}${spelled.slice(0, room - DIGEST_DIGITS - 2)}_L${digest}`;
}

function spell(character: string): string {
  if (/^[a-z0-9]$/.test(character)) return character;
  if (character === '-') return '__';
  return Array.from(Buffer.from(character), (byte) => `_${byte.toString(16).padStart(2, '0')}`).join('');
}
