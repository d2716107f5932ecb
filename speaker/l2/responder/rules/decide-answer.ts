/**
 * Decides about a received frame: an answer, a conflict, or nothing. Pure.
 *
 * A node answers only for addresses that it owns on the interface of the frame, and never for addresses of the node itself: the kernel answers for those.
 */
import type { Address } from '../../../../lib/net/address.ts';
import { type ArpPacket, arpReply, decodeArp, ETHERTYPE_ARP } from '../../frames/arp.ts';
import { ETHERNET_HEADER_BYTES, type FrameFault, readEtherType } from '../../frames/frame.ts';
import type { MacAddress } from '../../frames/mac-address.ts';
import { decodeNeighbor, type NeighborMessage, neighborReply } from '../../frames/ndp.ts';
import type { AddressSet } from './address-set.ts';

/** An interface and its addresses of layer 2. */
export interface ResponderState {
  readonly mac: MacAddress;
  /** Addresses that this node answers for on the interface. */
  readonly owned: AddressSet;
  /** Addresses that this node probes for on the interface. */
  readonly probed: AddressSet;
}

export type FrameAction =
  /** A complete frame to send. */
  | { readonly kind: 'answer'; readonly address: Address; readonly frame: Uint8Array }
  /** Another machine uses an address of this node (RFC 5227 §2.4, RFC 4862 §5.4.4). */
  | { readonly kind: 'conflict'; readonly address: Address; readonly mac: MacAddress }
  /** Another machine uses an address that this node probes for. */
  | { readonly kind: 'taken'; readonly address: Address; readonly mac: MacAddress }
  /** Well-formed, and about no address of this node. */
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
  // A packet socket also receives the frames that this node sends.
  if (packet.senderMac === state.mac) return NOT_OURS;
  if (state.owned.has(packet.senderAddress)) {
    return { kind: 'conflict', address: packet.senderAddress, mac: packet.senderMac };
  }
  if (state.probed.has(packet.senderAddress))
    return { kind: 'taken', address: packet.senderAddress, mac: packet.senderMac };
  if (packet.operation !== 'request' || !state.owned.has(packet.targetAddress)) return NOT_OURS;
  return { kind: 'answer', address: packet.targetAddress, frame: arpReply(packet, state.mac) };
}

function toNeighbor(message: NeighborMessage, state: ResponderState): FrameAction {
  const { source, target } = message;
  const mac = message.kind === 'solicitation' ? message.sourceMac : message.targetMac;
  if (mac === state.mac) return NOT_OURS;
  if (state.owned.has(source)) return { kind: 'conflict', address: source, mac };
  if (message.kind === 'advertisement' && state.probed.has(target)) return { kind: 'taken', address: target, mac };
  if (!state.owned.has(target)) return NOT_OURS;
  if (message.kind === 'advertisement') return { kind: 'conflict', address: target, mac };
  return { kind: 'answer', address: target, frame: neighborReply(message, state.mac) };
}
