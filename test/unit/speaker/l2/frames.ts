/** Frames as they are on the wire, written out byte by byte, so that the codec is not its own judge. */

export const OURS = 0x0200_5e10_0001;
export const THEIRS = 0x5254_0012_3456;

/** Bytes from hexadecimal text; spaces are for the reader. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** The frame with one byte changed. */
export function withByte(frame: Uint8Array, at: number, value: number): Uint8Array {
  const copy = frame.slice();
  copy[at] = value;
  return copy;
}

/** `arping`: who has 192.0.2.7? Tell 192.0.2.1. Broadcast. */
export const ARP_REQUEST = bytes(`ffffffffffff 525400123456 0806
  0001 0800 06 04 0001  525400123456 c0000201  000000000000 c0000207`);

/** The kernel before it sends a datagram again: the same question to the one that it knew. */
export const ARP_UNICAST_REQUEST = bytes(`02005e100001 525400123456 0806
  0001 0800 06 04 0001  525400123456 c0000201  02005e100001 c0000207  000000000000000000000000000000000000`);

/** A DHCP client makes sure (RFC 5227): who has 192.0.2.7? Tell 0.0.0.0. */
export const ARP_PROBE = bytes(`ffffffffffff 525400123456 0806
  0001 0800 06 04 0001  525400123456 00000000  000000000000 c0000207`);

/** 192.0.2.7 is at 52:54:00:12:34:56, to all. */
export const ARP_ANNOUNCEMENT = bytes(`ffffffffffff 525400123456 0806
  0001 0800 06 04 0001  525400123456 c0000207  000000000000 c0000207`);

/** fe80::1 asks the group of 2001:db8::7 for it, with its own link-layer address. */
export const SOLICITATION = bytes(`3333ff000007 525400123456 86dd
  60000000 0020 3a ff  fe800000000000000000000000000001  ff0200000000000000000001ff000007
  87 00 c699 00000000  20010db8000000000000000000000007  01 01 525400123456`);

/** The kernel's reachability probe to 2001:db8::7 itself, without the option (RFC 4861 §7.2.2 lets it go). */
export const UNICAST_SOLICITATION = bytes(`02005e100001 525400123456 86dd
  60000000 0018 3a ff  20010db8000000000000000000000001  20010db8000000000000000000000007
  87 00 ef72 00000000  20010db8000000000000000000000007`);

/** Duplicate address detection (RFC 4862): `::` asks for 2001:db8::7. */
export const DAD_SOLICITATION = bytes(`3333ff000007 525400123456 86dd
  60000000 0018 3a ff  00000000000000000000000000000000  ff0200000000000000000001ff000007
  87 00 4ce1 00000000  20010db8000000000000000000000007`);

/** 2001:db8::7 is at 52:54:00:12:34:56, to all. */
export const ADVERTISEMENT = bytes(`333300000001 525400123456 86dd
  60000000 0020 3a ff  20010db8000000000000000000000007  ff020000000000000000000000000001
  88 00 7463 20000000  20010db8000000000000000000000007  02 01 525400123456`);
