/**
 * The common parts of ARP and neighbour discovery on an Ethernet: the frame's header (IEEE 802.3), the result of decoding, and addresses as bytes.
 *
 * Any machine on the network sends frames, so decoding checks every byte that it reads and never throws: it returns a value, or the name of the fault.
 */
import type { Address, Family } from '../../../lib/net/address.ts';
import { type MacAddress, readMac, writeMac } from './mac-address.ts';
import { readUint16, readUint32, writeUint16, writeUint32 } from './uint.ts';

/** Why a frame is dropped. Each fault is a label of a metric, so there are few, and none depends on the content of the frame. */
export type FrameFault =
  /** The frame ends too early. */
  | 'Truncated'
  /** Another protocol, kind of hardware or kind of address. */
  | 'OtherProtocol'
  /** Of the right protocol, with another operation or type than the responder handles. */
  | 'OtherOperation'
  /** The sender or target is no address that an interface may have. */
  | 'BadAddress'
  /** IPv6 only: a router has forwarded the packet, so its sender is not on this link (RFC 4861 §7.1). */
  | 'BadHopLimit'
  | 'BadChecksum'
  /** IPv6 only: an option of length zero or one that reaches beyond the packet. */
  | 'BadOption'
  /** IPv6 only, forbidden by RFC 4861 §7.1: a code, a source option from the unspecified address, a solicited multicast. */
  | 'Malformed';

export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: FrameFault };

/** Destination (6 bytes), source (6), EtherType (2). A VLAN tag is not there: the kernel keeps it from packet sockets. */
export const ETHERNET_HEADER_BYTES = 14;
/** Shorter frames are padded on the wire. */
export const LEAST_FRAME_BYTES = 60;

const SOURCE_AT = 6;
const ETHERTYPE_AT = 12;

export interface EthernetHeader {
  readonly destination: MacAddress;
  readonly source: MacAddress;
  readonly etherType: number;
}

export function fault(name: FrameFault): { readonly ok: false; readonly fault: FrameFault } {
  return { ok: false, fault: name };
}

/** @param frame at least {@link ETHERNET_HEADER_BYTES} long, as for {@link readEtherType}. */
export function readSource(frame: Uint8Array): MacAddress {
  return readMac(frame, SOURCE_AT);
}

export function readEtherType(frame: Uint8Array): number {
  return readUint16(frame, ETHERTYPE_AT);
}

/** A frame with this header and room for `payloadBytes`, padded to the least length with zeros. */
export function newFrame(header: EthernetHeader, payloadBytes: number): Uint8Array {
  const frame = new Uint8Array(Math.max(LEAST_FRAME_BYTES, ETHERNET_HEADER_BYTES + payloadBytes));
  writeMac(frame, 0, header.destination);
  writeMac(frame, SOURCE_AT, header.source);
  writeUint16(frame, ETHERTYPE_AT, header.etherType);
  return frame;
}

/** @param bytes long enough. */
export function readAddress(bytes: Uint8Array, at: number, family: Family): Address {
  if (family === 4) return { family, value: BigInt(readUint32(bytes, at)) };
  let value = 0n;
  for (let i = 0; i < 16; i += 4) value = (value << 32n) | BigInt(readUint32(bytes, at + i));
  return { family, value };
}

export function writeAddress(bytes: Uint8Array, at: number, { family, value }: Address): void {
  if (family === 4) {
    writeUint32(bytes, at, Number(value));
  } else {
    for (let i = 0; i < 16; i += 4) {
      writeUint32(bytes, at + i, Number(BigInt.asUintN(32, value >> BigInt(96 - i * 8))));
    }
  }
}
