/** The checksum of an ICMPv6 message, over itself and a pseudo-header (RFC 4443 §2.3, RFC 8200 §8.1). */
import { readUint16 } from './uint.ts';

const SOURCE_AT = 8;
const MESSAGE_AT = 40;
const NEXT_HEADER_ICMPV6 = 58;

/**
 * @param packet from its IPv6 header to its end, without extension headers.
 * @returns the checksum if the field is zero; 0 if the field has the right value.
 */
export function icmpv6Checksum(packet: Uint8Array): number {
  // The source, the destination and the message are adjacent.
  let sum = packet.length - MESSAGE_AT + NEXT_HEADER_ICMPV6;
  for (let at = SOURCE_AT; at < packet.length; at += 2) sum += readUint16(packet, at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
