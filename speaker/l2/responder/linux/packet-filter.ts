/**
 * The filters of packet sockets, as programs of classic BPF: the thread does not wake for the ARP of a whole network. Pure.
 *
 * A filter only saves work; `decide-answer.ts` judges every frame again, except for what only the kernel knows: the network that the frame came from.
 * A filter passes frames about an address from the lowest to the highest of the given ones; for IPv6 it compares the last 32 bits. In practice the addresses come
 * from one pool.
 */
import { type Address, bitsOf } from '../../../../lib/net/address.ts';

/** Operation; jumps, in instructions that follow, if true and if not; operand. */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

const INSTRUCTION_BYTES = 8;
const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const IF_EQUAL = 0x15;
const IF_GREATER = 0x25;
const IF_AT_LEAST = 0x35;
const RETURN = 0x06;

/** The kernel's packet type of the frame (SKF_AD_OFF + SKF_AD_PKTTYPE). */
const PACKET_TYPE_AT = 0xffff_f004;
/** To another machine; also a frame of a VLAN that this machine has no interface for, which arrives without its tag. */
const PACKET_OTHERHOST = 3;
const PACKET_OUTGOING = 4;
/** The index of the frame's incoming interface (SKF_AD_OFF + SKF_AD_IFINDEX). */
const INTERFACE_AT = 0xffff_f008;
const WHOLE_FRAME = 0x4_0000;

const ARP_OPERATION_AT = 20;
const ARP_SENDER_AT = 28;
const ARP_TARGET_AT = 38;
const REQUEST = 1;
const REPLY = 2;

const IPV6_NEXT_HEADER_AT = 20;
const IPV6_SOURCE_END_AT = 34;
const ICMP_TYPE_AT = 54;
const ICMP_TARGET_END_AT = 74;
const ICMPV6 = 58;
const SOLICITATION = 135;
const ADVERTISEMENT = 136;

const LAST_32_BITS = 0xffff_ffffn;

/**
 * @param addresses of IPv4, that this node answers or probes for; without any, the filter passes nothing.
 * @param index of the link.
 */
export function arpFilter(addresses: readonly Address[], index: number): Uint8Array {
  const operations = [REQUEST, REPLY] as const;
  return program([LOAD_HALF, ARP_OPERATION_AT], operations, [ARP_TARGET_AT, ARP_SENDER_AT], addresses, index);
}

/** As {@link arpFilter}, of IPv6. */
export function neighborFilter(addresses: readonly Address[], index: number): Uint8Array {
  const types = [SOLICITATION, ADVERTISEMENT] as const;
  const ends = [ICMP_TARGET_END_AT, IPV6_SOURCE_END_AT];
  return program([LOAD_BYTE, ICMP_TYPE_AT], types, ends, addresses, index, [
    [LOAD_BYTE, 0, 0, IPV6_NEXT_HEADER_AT],
    [IF_EQUAL, 1, 0, ICMPV6],
    [RETURN, 0, 0, 0],
  ]);
}

/**
 * @param kind where the kind of packet stands, and the two that pass.
 * @param ends offsets of words, one of which is in the range of the addresses.
 */
function program(
  [load, kindAt]: readonly [number, number],
  kinds: readonly [number, number],
  ends: readonly number[],
  addresses: readonly Address[],
  index: number,
  before: readonly Instruction[] = [],
): Uint8Array {
  if (addresses.length === 0) return encode([[RETURN, 0, 0, 0]]);
  const words = addresses.map(({ family, value }) => Number(bitsOf(family) === 32 ? value : value & LAST_32_BITS));
  const lowest = words.reduce((a, b) => Math.min(a, b));
  const highest = words.reduce((a, b) => Math.max(a, b));
  return encode([
    // The sockets of an interface also receive the frames of a VLAN on top of it, without their tag.
    [LOAD_WORD, 0, 0, INTERFACE_AT],
    [IF_EQUAL, 1, 0, index],
    [RETURN, 0, 0, 0],
    [LOAD_WORD, 0, 0, PACKET_TYPE_AT],
    [IF_EQUAL, 1, 0, PACKET_OUTGOING],
    [IF_EQUAL, 0, 1, PACKET_OTHERHOST],
    [RETURN, 0, 0, 0],
    ...before,
    [load, 0, 0, kindAt],
    [IF_EQUAL, 2, 0, kinds[0]],
    [IF_EQUAL, 1, 0, kinds[1]],
    [RETURN, 0, 0, 0],
    ...ends.flatMap((at): Instruction[] => [
      [LOAD_WORD, 0, 0, at],
      [IF_AT_LEAST, 0, 2, lowest],
      [IF_GREATER, 1, 0, highest],
      [RETURN, 0, 0, WHOLE_FRAME],
    ]),
    [RETURN, 0, 0, 0],
  ]);
}

/** In the byte order of the machines that Node runs on: little-endian. */
function encode(instructions: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(instructions.length * INSTRUCTION_BYTES);
  instructions.forEach(([code, ifTrue, ifFalse, operand], i) => {
    bytes.writeUInt16LE(code, i * INSTRUCTION_BYTES);
    bytes.writeUInt8(ifTrue, i * INSTRUCTION_BYTES + 2);
    bytes.writeUInt8(ifFalse, i * INSTRUCTION_BYTES + 3);
    bytes.writeUInt32LE(operand, i * INSTRUCTION_BYTES + 4);
  });
  return bytes;
}
