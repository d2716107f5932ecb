/**
 * Neighbour solicitations and advertisements (RFC 4861 §4.3, §4.4) on Ethernet (RFC 2464). Behind the Ethernet header:
 *
 *      0  version, class, flow  4   0x6…        40  type         1   135 solicitation, 136 advertisement
 *      4  payload length        2               41  code         1   0
 *      6  next header           1   58          42  checksum     2   RFC 4443 §2.3
 *      7  hop limit             1   255         44  flags        4   advertisement: R S O in the top three bits
 *      8  source               16               48  target      16
 *     24  destination          16               64  options         type 1, length in units of 8 bytes 1, link-layer address 6
 */
import { type Address, sameAddress } from '../../../lib/net/address.ts';
import {
  type Decoded,
  ETHERNET_HEADER_BYTES,
  fault,
  newFrame,
  readAddress,
  readEtherType,
  readSource,
  writeAddress,
} from './frame.ts';
import { icmpv6Checksum } from './icmpv6-checksum.ts';
import { isStation, type MacAddress, readMac, writeMac } from './mac-address.ts';
import { readUint16, writeUint16 } from './uint.ts';

export const ETHERTYPE_IPV6 = 0x86dd;

export interface NeighborSolicitation {
  readonly kind: 'solicitation';
  /** `::` during duplicate address detection (RFC 4862 §5.4.2). */
  readonly source: Address;
  readonly destination: Address;
  readonly target: Address;
  /** From the source link-layer option, or from the frame without one. */
  readonly sourceMac: MacAddress;
}

export interface NeighborAdvertisement {
  readonly kind: 'advertisement';
  readonly source: Address;
  readonly destination: Address;
  readonly target: Address;
  readonly solicited: boolean;
  readonly override: boolean;
  /** From the target link-layer option, or from the frame without one. */
  readonly targetMac: MacAddress;
}

export type NeighborMessage = NeighborSolicitation | NeighborAdvertisement;

const IPV6_AT = ETHERNET_HEADER_BYTES;
const IPV6_BYTES = 40;
const ICMP_AT = IPV6_AT + IPV6_BYTES;
/** Type, code, checksum, flags, target. */
const LEAST_ICMP_BYTES = 24;
const OPTIONS_AT = ICMP_AT + LEAST_ICMP_BYTES;
const OPTION_BYTES = 8;
const NEXT_HEADER_ICMPV6 = 58;
const HOP_LIMIT = 255;
const SOLICITATION = 135;
const ADVERTISEMENT = 136;
const SOURCE_LINK_LAYER = 1;
const TARGET_LINK_LAYER = 2;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;

const UNSPECIFIED: Address = { family: 6, value: 0n };
/** ff02::1, RFC 4291 §2.7.1. */
const ALL_NODES: Address = { family: 6, value: (0xff02n << 112n) | 1n };
/** ff02::1:ff00:0, RFC 4291 §2.7.1: the target's last 24 bits follow. */
const SOLICITED_NODE_PREFIX = (0xff02n << 112n) | 0x01_ff00_0000n;
const LAST_24_BITS = 0xff_ffffn;

/** @param frame with its Ethernet header; bytes after the packet are padding. */
export function decodeNeighbor(frame: Uint8Array): Decoded<NeighborMessage> {
  if (frame.length < ETHERNET_HEADER_BYTES) return fault('Truncated');
  if (readEtherType(frame) !== ETHERTYPE_IPV6) return fault('OtherProtocol');
  if (frame.length < ICMP_AT) return fault('Truncated');
  if (frame[IPV6_AT]! >> 4 !== 6 || frame[IPV6_AT + 6] !== NEXT_HEADER_ICMPV6) return fault('OtherProtocol');
  const icmpBytes = readUint16(frame, IPV6_AT + 4);
  if (frame.length < ICMP_AT + icmpBytes || icmpBytes < 1) return fault('Truncated');
  const type = frame[ICMP_AT]!;
  if (type !== SOLICITATION && type !== ADVERTISEMENT) return fault('OtherOperation');
  if (icmpBytes < LEAST_ICMP_BYTES) return fault('Truncated');
  if (frame[IPV6_AT + 7] !== HOP_LIMIT) return fault('BadHopLimit');
  const packet = frame.subarray(IPV6_AT, ICMP_AT + icmpBytes);
  if (icmpv6Checksum(packet) !== 0) return fault('BadChecksum');
  if (frame[ICMP_AT + 1] !== 0) return fault('Malformed');
  const target = readAddress(frame, ICMP_AT + 8, 6);
  if (isMulticast(target) || sameAddress(target, UNSPECIFIED)) return fault('BadAddress');
  const option = linkLayerOption(
    frame.subarray(OPTIONS_AT, ICMP_AT + icmpBytes),
    type === SOLICITATION ? SOURCE_LINK_LAYER : TARGET_LINK_LAYER,
  );
  if (option === 'BadOption') return fault(option);
  const ends = { source: readAddress(frame, IPV6_AT + 8, 6), destination: readAddress(frame, IPV6_AT + 24, 6) };
  const mac = option ?? readSource(frame);
  if (isMulticast(ends.source) || !isStation(mac)) return fault('BadAddress');
  const flags = frame[ICMP_AT + 4]!;
  return type === SOLICITATION
    ? solicitation({ ...ends, target, sourceMac: mac }, option !== undefined)
    : advertisement({
        ...ends,
        target,
        solicited: (flags & SOLICITED) !== 0,
        override: (flags & OVERRIDE) !== 0,
        targetMac: mac,
      });
}

/** RFC 4861 §7.1.1: a sender without an address sends to the target's group, and without a source option. */
function solicitation(fields: Omit<NeighborSolicitation, 'kind'>, hasOption: boolean): Decoded<NeighborSolicitation> {
  const isUnspecified = sameAddress(fields.source, UNSPECIFIED);
  if (isUnspecified && (hasOption || !isSolicitedNode(fields.destination))) return fault('Malformed');
  return { ok: true, value: { kind: 'solicitation', ...fields } };
}

/** RFC 4861 §7.1.2: an advertisement to a group is not solicited. */
function advertisement(fields: Omit<NeighborAdvertisement, 'kind'>): Decoded<NeighborAdvertisement> {
  if (sameAddress(fields.source, UNSPECIFIED)) return fault('BadAddress');
  if (fields.solicited && isMulticast(fields.destination)) return fault('Malformed');
  return { ok: true, value: { kind: 'advertisement', ...fields } };
}

/**
 * The answer to a solicitation (RFC 4861 §7.2.4): to its source, or to all nodes if the source is unspecified (§7.2.4, RFC 4862 §5.4.4).
 * The address is on this node alone, so the answer overrides cached entries (flag O).
 */
export function neighborReply(solicited: NeighborSolicitation, mac: MacAddress): Uint8Array {
  const isUnspecified = sameAddress(solicited.source, UNSPECIFIED);
  return encodeAdvertisement({
    target: solicited.target,
    mac,
    to: isUnspecified ? ALL_NODES : solicited.source,
    toMac: isUnspecified ? multicastMac(ALL_NODES) : solicited.sourceMac,
    solicited: !isUnspecified,
  });
}

/** An unsolicited advertisement (RFC 4861 §7.2.6). */
export function neighborAnnouncement(address: Address, mac: MacAddress): Uint8Array {
  return encodeAdvertisement({
    target: address,
    mac,
    to: ALL_NODES,
    toMac: multicastMac(ALL_NODES),
    solicited: false,
  });
}

/** The solicitation of duplicate address detection (RFC 4862 §5.4.2). The answer goes to all nodes, which learn from it. */
export function neighborProbe(target: Address, mac: MacAddress): Uint8Array {
  return withChecksum(encodeSolicitation(target, UNSPECIFIED, mac, LEAST_ICMP_BYTES), LEAST_ICMP_BYTES);
}

/**
 * A solicitation for an address that this node itself answers for. The answer goes to this node alone; an answer to all nodes would draw the traffic to the other
 * machine (RFC 4861 §7.2.4).
 *
 * @param source an address of the node itself, never the target.
 */
export function neighborSolicitation(target: Address, source: Address, mac: MacAddress): Uint8Array {
  const icmpBytes = LEAST_ICMP_BYTES + OPTION_BYTES;
  const frame = encodeSolicitation(target, source, mac, icmpBytes);
  frame[OPTIONS_AT] = SOURCE_LINK_LAYER;
  frame[OPTIONS_AT + 1] = 1;
  writeMac(frame, OPTIONS_AT + 2, mac);
  return withChecksum(frame, icmpBytes);
}

/** fe80::/10, RFC 4291 §2.5.6. */
export function isLinkLocal({ family, value }: Address): boolean {
  return family === 6 && value >> 118n === 0xfe80n >> 6n;
}

/** The solicited-node group of an address. A node has to join it, so that a switch with MLD snooping forwards solicitations (RFC 4541). */
export function solicitedNodeGroup(address: Address): Address {
  return { family: 6, value: SOLICITED_NODE_PREFIX | (address.value & LAST_24_BITS) };
}

/** RFC 2464 §7: 33:33 and the last four bytes of the group. */
export function multicastMac(group: Address): MacAddress {
  return 0x3333_0000_0000 + Number(BigInt.asUintN(32, group.value));
}

/** Without its checksum. */
function encodeSolicitation(target: Address, source: Address, mac: MacAddress, icmpBytes: number): Uint8Array {
  const destination = solicitedNodeGroup(target);
  const header = { destination: multicastMac(destination), source: mac, etherType: ETHERTYPE_IPV6 };
  const frame = newFrame(header, IPV6_BYTES + icmpBytes);
  writeIpv6(frame, source, destination, icmpBytes);
  frame[ICMP_AT] = SOLICITATION;
  writeAddress(frame, ICMP_AT + 8, target);
  return frame;
}

interface Advertised {
  readonly target: Address;
  readonly mac: MacAddress;
  readonly to: Address;
  readonly toMac: MacAddress;
  readonly solicited: boolean;
}

/** The source is the target itself: this node may have no other address on the interface. */
function encodeAdvertisement({ target, mac, to, toMac, solicited }: Advertised): Uint8Array {
  const icmpBytes = LEAST_ICMP_BYTES + OPTION_BYTES;
  const frame = newFrame({ destination: toMac, source: mac, etherType: ETHERTYPE_IPV6 }, IPV6_BYTES + icmpBytes);
  writeIpv6(frame, target, to, icmpBytes);
  frame[ICMP_AT] = ADVERTISEMENT;
  frame[ICMP_AT + 4] = OVERRIDE | (solicited ? SOLICITED : 0);
  writeAddress(frame, ICMP_AT + 8, target);
  frame[OPTIONS_AT] = TARGET_LINK_LAYER;
  frame[OPTIONS_AT + 1] = 1;
  writeMac(frame, OPTIONS_AT + 2, mac);
  return withChecksum(frame, icmpBytes);
}

function writeIpv6(frame: Uint8Array, source: Address, destination: Address, payloadBytes: number): void {
  frame[IPV6_AT] = 6 << 4;
  writeUint16(frame, IPV6_AT + 4, payloadBytes);
  frame[IPV6_AT + 6] = NEXT_HEADER_ICMPV6;
  frame[IPV6_AT + 7] = HOP_LIMIT;
  writeAddress(frame, IPV6_AT + 8, source);
  writeAddress(frame, IPV6_AT + 24, destination);
}

function withChecksum(frame: Uint8Array, icmpBytes: number): Uint8Array {
  writeUint16(frame, ICMP_AT + 2, icmpv6Checksum(frame.subarray(IPV6_AT, ICMP_AT + icmpBytes)));
  return frame;
}

/** The link-layer address of the first option of this type. Reads all options, since a broken one makes the packet invalid (§7.1). */
function linkLayerOption(options: Uint8Array, wanted: number): MacAddress | undefined | 'BadOption' {
  let found: MacAddress | undefined;
  for (let at = 0; at < options.length; ) {
    const length = (options[at + 1] ?? 0) * OPTION_BYTES;
    if (length === 0 || at + length > options.length) return 'BadOption';
    if (options[at] === wanted) found ??= readMac(options, at + 2);
    at += length;
  }
  return found;
}

function isMulticast(address: Address): boolean {
  return address.value >> 120n === 0xffn;
}

function isSolicitedNode(address: Address): boolean {
  return (address.value & ~LAST_24_BITS) === SOLICITED_NODE_PREFIX;
}
