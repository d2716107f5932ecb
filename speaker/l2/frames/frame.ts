/**
 * What ARP and neighbour discovery have in common on an Ethernet: the frame's header (IEEE 802.3), the outcome of decoding, and addresses as bytes.
 *
 * Frames come from anybody on the network, so decoding judges every byte it reads and never throws: it returns a value, or says by name
 * what is wrong.
 */
import type { Address, Family } from '../../../lib/net/address.ts';
import { type MacAddress, readMac, writeMac } from './mac-address.ts';
import { readUint16, readUint32, writeUint16, writeUint32 } from './uint.ts';

/** Why a frame is passed over. Each is a label of a metric, so there are few of them and none is made of what came in. */
export type FrameFault =
  /** Ends before what it should contain. */
  | 'Truncated'
  /** Another protocol, or a kind of hardware or address that is none of ours. */
  | 'OtherProtocol'
  /** Of the right protocol, with an operation or a type that nobody asks us. */
  | 'OtherOperation'
  /** Sender or target is no address that an interface may have. */
  | 'BadAddress'
  /** IPv6 only: it came through a router, so it is nobody's on this link (RFC 4861 §7.1). */
  | 'BadHopLimit'
  | 'BadChecksum'
  /** IPv6 only: an option of length zero or one that reaches beyond the packet. */
  | 'BadOption'
  /** IPv6 only: what RFC 4861 §7.1 forbids beside: a code, a source option from nobody, a solicited multicast. */
  | 'Malformed';

export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: FrameFault };

/** Destination (6 bytes), source (6), EtherType (2). A VLAN tag is not there: the kernel keeps it from packet sockets. */
export const ETHERNET_HEADER_BYTES = 14;
/** Shorter frames are padded on the wire; what stands behind the packet means nothing. */
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
