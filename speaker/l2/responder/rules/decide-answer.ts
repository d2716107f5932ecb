/**
 * What a frame calls for: an answer, an alarm, or nothing. PURE.
 *
 * Only what this node owns on the very interface is answered for, and never what the node itself has: the kernel answers for that.
 */
import type { Address } from '../../../../lib/net/address.ts';
import { type ArpPacket, arpReply, decodeArp, ETHERTYPE_ARP } from '../../frames/arp.ts';
import { ETHERNET_HEADER_BYTES, type FrameFault, readEtherType } from '../../frames/frame.ts';
import type { MacAddress } from '../../frames/mac-address.ts';
import { decodeNeighbor, type NeighborMessage, neighborReply } from '../../frames/ndp.ts';
import type { AddressSet } from './address-set.ts';

/** An interface and what is answered for on it. */
export interface ResponderState {
  readonly mac: MacAddress;
  /** That this node owns there. */
  readonly owned: AddressSet;
  /** That this node asks about there, to find out whether they are anybody's. */
  readonly asked: AddressSet;
}

export type FrameAction =
  /** To be sent as it is. */
  | { readonly kind: 'answer'; readonly address: Address; readonly frame: Uint8Array }
  /** Somebody else says that it has an address of ours (RFC 5227 §2.4, RFC 4862 §5.4.4). */
  | { readonly kind: 'conflict'; readonly address: Address; readonly mac: MacAddress }
  /** Somebody else has an address that this node asks about. */
  | { readonly kind: 'taken'; readonly address: Address; readonly mac: MacAddress }
  /** Well-formed, and none of our business. */
  | { readonly kind: 'notOurs' }
  | { readonly kind: 'dropped'; readonly fault: FrameFault };

const NOT_OURS: FrameAction = { kind: 'notOurs' };

export function decideAnswer(frame: Uint8Array, state: ResponderState): FrameAction {
  const isArp = frame.length >= ETHERNET_HEADER_BYTES && readEtherType(frame) === ETHERTYPE_ARP;
  const decoded = isArp ? decodeArp(frame) : decodeNeighbor(frame);
  if (!decoded.ok) return { kind: 'dropped', fault: decoded.fault };
  return 'operation' in decoded.value ? toArp(decoded.value, state) : toNeighbor(decoded.value, state);
}

function toArp(packet: ArpPacket, state: ResponderState): FrameAction {
  // A packet socket sees what this node sends, too.
  if (packet.senderMac === state.mac) return NOT_OURS;
  if (state.owned.has(packet.senderAddress)) {
    return { kind: 'conflict', address: packet.senderAddress, mac: packet.senderMac };
  }
  if (state.asked.has(packet.senderAddress))
    return { kind: 'taken', address: packet.senderAddress, mac: packet.senderMac };
  if (packet.operation !== 'request' || !state.owned.has(packet.targetAddress)) return NOT_OURS;
  return { kind: 'answer', address: packet.targetAddress, frame: arpReply(packet, state.mac) };
}

function toNeighbor(message: NeighborMessage, state: ResponderState): FrameAction {
  const { source, target } = message;
  const mac = message.kind === 'solicitation' ? message.sourceMac : message.targetMac;
  if (mac === state.mac) return NOT_OURS;
  if (state.owned.has(source)) return { kind: 'conflict', address: source, mac };
  if (message.kind === 'advertisement' && state.asked.has(target)) return { kind: 'taken', address: target, mac };
  if (!state.owned.has(target)) return NOT_OURS;
  if (message.kind === 'advertisement') return { kind: 'conflict', address: target, mac };
  return { kind: 'answer', address: target, frame: neighborReply(message, state.mac) };
}
