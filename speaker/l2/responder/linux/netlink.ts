/**
 * Messages of rtnetlink(7), as bytes: requests for the interfaces, their addresses and a route, and what the kernel answers. PURE.
 *
 *     0  length   4   with this header          8  sequence  4
 *     4  type     2                            12  port      4
 *     6  flags    2                            16  a fixed part by type, then attributes: length 2, type 2, value, padded to 4
 *
 * In the byte order of the machines that Node runs on: little-endian.
 */
import { type Address, bitsOf } from '../../../../lib/net/address.ts';
import { readAddress, writeAddress } from '../../frames/frame.ts';

export interface NetlinkMessage {
  readonly type: number;
  /** Behind the header. */
  readonly body: Buffer;
}

/** Behind the header of an error: a negative errno, 0 for none. */
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const RTM_NEWLINK = 16;
export const RTM_NEWADDR = 20;
export const RTM_NEWROUTE = 24;
const RTM_GETLINK = 18;
const RTM_GETADDR = 22;
const RTM_GETROUTE = 26;
const NLM_F_REQUEST = 1;
const NLM_F_DUMP = 0x300;
const HEADER_BYTES = 16;
const ATTRIBUTE_HEADER_BYTES = 4;
/** The flags of an attribute type: the value has nested attributes, or is in network order. */
const ATTRIBUTE_FLAGS = 0xc000;

const IFINFO_BYTES = 16;
const IFADDR_BYTES = 8;
const RTMSG_BYTES = 12;
const IFLA_EXT_MASK = 29;
/** Without the counters, which are most of an answer (RTEXT_FILTER_SKIP_STATS). */
const SKIP_STATISTICS = 8;
const RTA_DST = 1;
const AF_INET = 2;
const AF_INET6 = 10;

export function linksRequest(): Buffer {
  const mask = Buffer.alloc(4);
  mask.writeUInt32LE(SKIP_STATISTICS);
  return request(RTM_GETLINK, NLM_F_DUMP, Buffer.alloc(IFINFO_BYTES), attribute(IFLA_EXT_MASK, mask));
}

export function addressesRequest(): Buffer {
  return request(RTM_GETADDR, NLM_F_DUMP, Buffer.alloc(IFADDR_BYTES));
}

/** Asks for the kernel's route to an address. */
export function routeRequest(address: Address): Buffer {
  const bits = bitsOf(address.family);
  const fixed = Buffer.alloc(RTMSG_BYTES);
  fixed[0] = address.family === 4 ? AF_INET : AF_INET6;
  fixed[1] = bits;
  const destination = Buffer.alloc(bits / 8);
  writeAddress(destination, 0, address);
  return request(RTM_GETROUTE, 0, fixed, attribute(RTA_DST, destination));
}

/** The messages of one datagram, without one that is cut off. */
export function messagesIn(datagram: Buffer): readonly NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at + HEADER_BYTES <= datagram.length; ) {
    const length = datagram.readUInt32LE(at);
    if (length < HEADER_BYTES || at + length > datagram.length) break;
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      body: datagram.subarray(at + HEADER_BYTES, at + length),
    });
    at += padded(length);
  }
  return messages;
}

/** The attributes by their types, from the offset `from` on. */
export function attributesOf(body: Buffer, from: number): ReadonlyMap<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = from; at + ATTRIBUTE_HEADER_BYTES <= body.length; ) {
    const length = body.readUInt16LE(at);
    if (length < ATTRIBUTE_HEADER_BYTES || at + length > body.length) break;
    attributes.set(
      body.readUInt16LE(at + 2) & ~ATTRIBUTE_FLAGS,
      body.subarray(at + ATTRIBUTE_HEADER_BYTES, at + length),
    );
    at += padded(length);
  }
  return attributes;
}

/** The header of a message about an interface: family (1 byte), kind of hardware (2 at 2), index (4 at 4), flags (4 at 8). */
export function readInterface(body: Buffer) {
  if (body.length < IFINFO_BYTES) return undefined;
  return {
    hardware: body.readUInt16LE(2),
    index: body.readInt32LE(4),
    flags: body.readUInt32LE(8),
    attributes: attributesOf(body, IFINFO_BYTES),
  };
}

const IFA_ADDRESS = 1;
/** The local end of a point-to-point address. */
const IFA_LOCAL = 2;

/** The header of a message about an address: family (1 byte), index of the interface (4 at 4). */
export function readInterfaceAddress(body: Buffer): { readonly index: number; readonly address: Address } | undefined {
  const family = body[0] === AF_INET ? 4 : body[0] === AF_INET6 ? 6 : undefined;
  if (body.length < IFADDR_BYTES || family === undefined) return undefined;
  const attributes = attributesOf(body, IFADDR_BYTES);
  const value = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
  if (value?.length !== bitsOf(family) / 8) return undefined;
  return { index: body.readInt32LE(4), address: readAddress(value, 0, family) };
}

const RTA_OIF = 4;

/** The index of a route's outgoing interface. */
export function readOutgoing(body: Buffer): number | undefined {
  const value = attributesOf(body, RTMSG_BYTES).get(RTA_OIF);
  return value?.length === 4 ? value.readInt32LE(0) : undefined;
}

function request(type: number, flags: number, ...parts: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const message = Buffer.concat([header, ...parts]);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(NLM_F_REQUEST | flags, 6);
  return message;
}

function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(padded(ATTRIBUTE_HEADER_BYTES + value.length));
  bytes.writeUInt16LE(ATTRIBUTE_HEADER_BYTES + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  value.copy(bytes, ATTRIBUTE_HEADER_BYTES);
  return bytes;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
