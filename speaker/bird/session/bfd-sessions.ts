/**
 * Reads BIRD's BFD sessions from the reply to `show bfd sessions` (proto/bfd/bfd.c writes it).
 *
 *     1020-skycap_bfd:
 *      IP address                Interface  State      Since         Interval  Timeout
 *      192.0.2.12                eth0       Up         2026-11-21T20:29:04+0000    0.100    0.300
 */
import { type Address, formatAddress, parseAddress } from '../../../lib/net/address.ts';
import type { Reply } from '../reply.ts';

/** RFC 5880 §4.1. */
export type BfdState = 'AdminDown' | 'Down' | 'Init' | 'Up';

const STATES: readonly string[] = ['AdminDown', 'Down', 'Init', 'Up'] satisfies BfdState[];

export interface BfdSessionReport {
  readonly address: Address;
  /** RFC 5881; several hops away otherwise (RFC 5883), where BIRD prints no interface. */
  readonly isDirect: boolean;
  readonly state: BfdState;
}

/** BIRD's BFD sessions. The parser skips a line of unknown form: another version may print more. */
export function bfdSessionReports(reply: Reply): readonly BfdSessionReport[] {
  return reply.lines.flatMap(({ text }) => {
    const [, neighbor = '', link, state] = /^\s*(\S+)\s+(\S+)\s+(\S+)\s+\S/.exec(text) ?? [];
    const address = parseAddress(neighbor);
    return address && isState(state) ? [{ address, isDirect: link !== '---', state }] : [];
  });
}

/** By the neighbour's address in canonical text. */
export function parseBfdSessions(reply: Reply): ReadonlyMap<string, BfdState> {
  return new Map(bfdSessionReports(reply).map(({ address, state }) => [formatAddress(address), state]));
}

function isState(word: string | undefined): word is BfdState {
  return word !== undefined && STATES.includes(word);
}
