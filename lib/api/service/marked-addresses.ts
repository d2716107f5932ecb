/** Parses the annotation `skycap.io/addresses`. Any user can write it, so other text is ignored. */
import { type Address, parseAddress } from '../../net/address.ts';

/** At most one address for each family is given. Each address of an endless list would be looked up. */
const MOST = 4;

export function parseMarked(text = ''): Address[] {
  return text.split(',', MOST).flatMap((item) => parseAddress(item.trim()) ?? []);
}
