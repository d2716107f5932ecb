/**
 * What BIRD says about its BFD sessions: the reply to `show bfd sessions`, read (proto/bfd/bfd.c writes it).
 *
 *     1020-skycap_bfd:
 *      IP address                Interface  State      Since         Interval  Timeout
 *      192.0.2.12                eth0       Up         2026-11-21T20:29:04+0000    0.100    0.300
 */
import { formatAddress, parseAddress } from '../../../lib/net/address.ts';
import type { Reply } from '../reply.ts';

/** RFC 5880 §4.1. */
export type BfdState = 'AdminDown' | 'Down' | 'Init' | 'Up';

const STATES: readonly string[] = ['AdminDown', 'Down', 'Init', 'Up'] satisfies BfdState[];

/** By the neighbour's address in canonical text. A line that is not understood is passed over: another version may print more. */
export function parseBfdSessions(reply: Reply): ReadonlyMap<string, BfdState> {
  const states = new Map<string, BfdState>();
  for (const { text } of reply.lines) {
    const [, neighbor = '', state] = /^\s*(\S+)\s+\S+\s+(\S+)\s+\S/.exec(text) ?? [];
    const address = parseAddress(neighbor);
    if (address && isState(state)) states.set(formatAddress(address), state);
  }
  return states;
}

function isState(word: string | undefined): word is BfdState {
  return word !== undefined && STATES.includes(word);
}
