/**
 * A MAC address (IEEE 802, EUI-48), as an exact number: the responder handles frames by the thousand, and a text for each address would cost more than all the
 * rest.
 */
import { readUint16, readUint32, writeUint16, writeUint32 } from './uint.ts';

/** 48 bits; the first byte on the wire is the highest. */
export type MacAddress = number;

export const BROADCAST: MacAddress = 0xffff_ffff_ffff;
/** The target of an ARP request has this MAC address. */
export const UNKNOWN_MAC: MacAddress = 0;

/** In the first byte on the wire: set for a group, not for a station. */
const GROUP_BIT = 0x01;

/** @param bytes long enough, as for {@link writeMac}. */
export function readMac(bytes: Uint8Array, at: number): MacAddress {
  return readUint16(bytes, at) * 2 ** 32 + readUint32(bytes, at + 2);
}

export function writeMac(bytes: Uint8Array, at: number, mac: MacAddress): void {
  writeUint16(bytes, at, Math.floor(mac / 2 ** 32));
  // Its bit operations take the low 32 bits.
  writeUint32(bytes, at + 2, mac);
}

/** Neither a group nor the zero address. */
export function isStation(mac: MacAddress): boolean {
  const firstByte = Math.floor(mac / 2 ** 40);
  return (firstByte & GROUP_BIT) === 0 && mac !== UNKNOWN_MAC;
}

/** Such as `02:00:5e:10:00:01`, in lower case. */
export function formatMac(mac: MacAddress): string {
  return mac.toString(16).padStart(12, '0').match(/../g)!.join(':');
}

/** The reverse of {@link formatMac}. */
export function parseMac(text: string): MacAddress {
  return Number.parseInt(text.replaceAll(':', ''), 16);
}
