/**
 * What ARP and neighbour discovery have in common on an Ethernet: the frame's header (IEEE 802.3), the outcome of decoding, and addresses as bytes.
 *
 * Frames come from anybody on the network, so decoding judges every byte it reads and never throws: it returns a value, or says by name
 * what is wrong.
 */
import type { Address, Family } from '../../../lib/net/address.ts';

/** Six bytes as `02:00:5e:10:00:01`, in lower case. */
export type MacAddress = string;

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
export const BROADCAST: MacAddress = 'ff:ff:ff:ff:ff:ff';
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

/** @param frame at least {@link ETHERNET_HEADER_BYTES} long. */
export function readEthernet(frame: Uint8Array): EthernetHeader {
  return {
    destination: readMac(frame, 0),
    source: readMac(frame, SOURCE_AT),
    etherType: readUint16(frame, ETHERTYPE_AT),
  };
}

/** A frame with this header and room for `payloadBytes`, padded to the least length with zeros. */
export function newFrame(header: EthernetHeader, payloadBytes: number): Uint8Array {
  const frame = new Uint8Array(Math.max(LEAST_FRAME_BYTES, ETHERNET_HEADER_BYTES + payloadBytes));
  writeMac(frame, 0, header.destination);
  writeMac(frame, SOURCE_AT, header.source);
  writeUint16(frame, ETHERTYPE_AT, header.etherType);
  return frame;
}

/** Each byte as two digits: this is done for every frame. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function readMac(bytes: Uint8Array, at: number): MacAddress {
  const digits = (i: number) => HEX[bytes[at + i] ?? 0];
  return `${digits(0)}:${digits(1)}:${digits(2)}:${digits(3)}:${digits(4)}:${digits(5)}`;
}

export function writeMac(bytes: Uint8Array, at: number, mac: MacAddress): void {
  for (let i = 0; i < 6; i++) bytes[at + i] = Number.parseInt(mac.slice(i * 3, i * 3 + 2), 16);
}

/** A station has it, not a group: the lowest bit of the first byte is not set, and it is not all zeros. */
export function isStation(mac: MacAddress): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 && mac !== '00:00:00:00:00:00';
}

export function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value & 0xff;
}

/** @param bytes long enough. */
export function readAddress(bytes: Uint8Array, at: number, family: Family): Address {
  const view = viewOf(bytes);
  if (family === 4) return { family, value: BigInt(view.getUint32(at)) };
  return { family, value: (view.getBigUint64(at) << 64n) | view.getBigUint64(at + 8) };
}

export function writeAddress(bytes: Uint8Array, at: number, { family, value }: Address): void {
  const view = viewOf(bytes);
  if (family === 4) {
    view.setUint32(at, Number(value));
  } else {
    view.setBigUint64(at, value >> 64n);
    view.setBigUint64(at + 8, BigInt.asUintN(64, value));
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
