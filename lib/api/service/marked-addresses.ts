/** Reads the annotation `skycap.io/addresses`, which Skycap writes and anybody may: what is no address is passed over. */
import { type Address, parseAddress } from '../../net/address.ts';

/** One a family is all that is ever given. A list without end would have each of its addresses asked for. */
const MOST = 4;

export function parseMarked(text = ''): Address[] {
  return text.split(',', MOST).flatMap((item) => parseAddress(item.trim()) ?? []);
}
