/**
 * ARP for IPv4 on Ethernet (RFC 826, with the terms of RFC 5227 §1.1). The packet, behind the Ethernet header:
 *
 *     0  hardware type   2   1 (Ethernet)          8  sender hardware address  6
 *     2  protocol type   2   0x0800 (IPv4)        14  sender protocol address  4
 *     4  hardware length 1   6                    18  target hardware address  6
 *     5  protocol length 1   4                    24  target protocol address  4
 *     6  operation       2   1 request, 2 reply   28
 */
import type { Address } from '../../../lib/net/address.ts';
import {
  type Decoded,
  ETHERNET_HEADER_BYTES,
  fault,
  newFrame,
  readAddress,
  readEtherType,
  writeAddress,
} from './frame.ts';
import { BROADCAST, isStation, type MacAddress, readMac, UNKNOWN_MAC, writeMac } from './mac-address.ts';
import { readUint16, writeUint16 } from './uint.ts';

export const ETHERTYPE_ARP = 0x0806;

export interface ArpPacket {
  readonly operation: 'request' | 'reply';
  readonly senderMac: MacAddress;
  /** 0.0.0.0 in a probe (RFC 5227 §2.1.1): the sender has no address yet. */
  readonly senderAddress: Address;
  /** Without meaning in a request. */
  readonly targetMac: MacAddress;
  /** Any in a reply. */
  readonly targetAddress: Address;
}

const PACKET_BYTES = 28;
const HARDWARE_ETHERNET = 1;
const PROTOCOL_IPV4 = 0x0800;
const MAC_BYTES = 6;
const IPV4_BYTES = 4;
const OPERATIONS = { request: 1, reply: 2 } as const;
const NOBODY: Address = { family: 4, value: 0n };
/** 224.0.0.0: groups, the reserved block and the broadcast address begin here, which no interface has. */
const FIRST_NON_UNICAST = 0xe000_0000n;

/** @param frame with its Ethernet header; bytes after the packet are padding. */
export function decodeArp(frame: Uint8Array): Decoded<ArpPacket> {
  if (frame.length < ETHERNET_HEADER_BYTES + PACKET_BYTES) return fault('Truncated');
  if (readEtherType(frame) !== ETHERTYPE_ARP) return fault('OtherProtocol');
  const at = ETHERNET_HEADER_BYTES;
  const isOurKind =
    readUint16(frame, at) === HARDWARE_ETHERNET &&
    readUint16(frame, at + 2) === PROTOCOL_IPV4 &&
    frame[at + 4] === MAC_BYTES &&
    frame[at + 5] === IPV4_BYTES;
  if (!isOurKind) return fault('OtherProtocol');
  const operation = operationOf(readUint16(frame, at + 6));
  if (!operation) return fault('OtherOperation');
  const packet: ArpPacket = {
    operation,
    senderMac: readMac(frame, at + 8),
    senderAddress: readAddress(frame, at + 14, 4),
    targetMac: readMac(frame, at + 18),
    targetAddress: readAddress(frame, at + 24, 4),
  };
  // The target is 0.0.0.0 in the answer to a probe, and 255.255.255.255 in some unsolicited replies.
  const isTarget = operation === 'reply' || isUnicast(packet.targetAddress);
  const isSound = isStation(packet.senderMac) && isUnicastOrNobody(packet.senderAddress) && isTarget;
  return isSound ? { ok: true, value: packet } : fault('BadAddress');
}

/** @param destination of the frame: all for a request, the sender of the request for a reply. */
export function encodeArp(packet: ArpPacket, destination: MacAddress): Uint8Array {
  const header = { destination, source: packet.senderMac, etherType: ETHERTYPE_ARP };
  const frame = newFrame(header, PACKET_BYTES);
  const at = ETHERNET_HEADER_BYTES;
  writeUint16(frame, at, HARDWARE_ETHERNET);
  writeUint16(frame, at + 2, PROTOCOL_IPV4);
  frame[at + 4] = MAC_BYTES;
  frame[at + 5] = IPV4_BYTES;
  writeUint16(frame, at + 6, OPERATIONS[packet.operation]);
  writeMac(frame, at + 8, packet.senderMac);
  writeAddress(frame, at + 14, packet.senderAddress);
  writeMac(frame, at + 18, packet.targetMac);
  writeAddress(frame, at + 24, packet.targetAddress);
  return frame;
}

/** Answers a request or a probe: "`address` is at `mac`" (RFC 826; RFC 5227 §2.1.1 for a probe). */
export function arpReply(request: ArpPacket, mac: MacAddress): Uint8Array {
  const reply: ArpPacket = {
    operation: 'reply',
    senderMac: mac,
    senderAddress: request.targetAddress,
    targetMac: request.senderMac,
    targetAddress: request.senderAddress,
  };
  return encodeArp(reply, request.senderMac);
}

/** An ARP Announcement (RFC 5227 §2.3): a request for one's own address, which every implementation learns from. */
export function arpAnnouncement(address: Address, mac: MacAddress): Uint8Array {
  const packet: ArpPacket = {
    operation: 'request',
    senderMac: mac,
    senderAddress: address,
    targetMac: UNKNOWN_MAC,
    targetAddress: address,
  };
  return encodeArp(packet, BROADCAST);
}

/** An ARP Probe (RFC 5227 §2.1.1): asks for an address without using it, so no machine learns anything from it. */
export function arpProbe(address: Address, mac: MacAddress): Uint8Array {
  const packet: ArpPacket = {
    operation: 'request',
    senderMac: mac,
    senderAddress: NOBODY,
    targetMac: UNKNOWN_MAC,
    targetAddress: address,
  };
  return encodeArp(packet, BROADCAST);
}

function operationOf(code: number): ArpPacket['operation'] | undefined {
  return code === OPERATIONS.request ? 'request' : code === OPERATIONS.reply ? 'reply' : undefined;
}

function isUnicast(address: Address): boolean {
  return address.value !== 0n && address.value < FIRST_NON_UNICAST;
}

function isUnicastOrNobody(address: Address): boolean {
  return address.value < FIRST_NON_UNICAST;
}
