/** The programs for the kernel's filter, run by an interpreter of the few operations that they use (bpf(4)). */
import fc from 'fast-check';
import { type Address, addressOf, parseAddress } from '../../../../../../lib/net/address.ts';
import { arpProbe } from '../../../../../../speaker/l2/frames/arp.ts';
import { neighborAnnouncement, neighborProbe } from '../../../../../../speaker/l2/frames/ndp.ts';
import { arpFilter, neighborFilter } from '../../../../../../speaker/l2/responder/linux/packet-filter.ts';
import {
  ADVERTISEMENT,
  ARP_ANNOUNCEMENT,
  ARP_PROBE,
  ARP_REQUEST,
  ARP_UNICAST_REQUEST,
  bytes,
  DAD_SOLICITATION,
  OURS,
  SOLICITATION,
  UNICAST_SOLICITATION,
  withByte,
} from '../../frames.ts';

const PACKET_TYPE = 0xffff_f004;
const INTERFACE = 0xffff_f008;
const [LINK, VLAN_ON_IT] = [2, 5];
const [TO_US, TO_ANOTHER, FROM_US] = [0, 3, 4];
const SIZES = new Map([
  [0x20, 4],
  [0x28, 2],
  [0x30, 1],
]);

function passes(program: Uint8Array, frame: Uint8Array, packetType = TO_US, index = LINK): boolean {
  const code = Buffer.from(program);
  const data = Buffer.from(frame);
  let a = 0;
  for (let at = 0; at < code.length; at += 8) {
    const operation = code.readUInt16LE(at);
    const operand = code.readUInt32LE(at + 4);
    const size = SIZES.get(operation);
    const jump = (holds: boolean) => {
      at += 8 * code.readUInt8(at + (holds ? 2 : 3));
    };
    if (size !== undefined && operand === PACKET_TYPE) a = packetType;
    else if (size !== undefined && operand === INTERFACE) a = index;
    // A load beyond the end drops the packet.
    else if (size !== undefined && operand + size > data.length) return false;
    else if (size !== undefined) a = data.readUIntBE(operand, size);
    else if (operation === 0x15) jump(a === operand);
    else if (operation === 0x25) jump(a > operand);
    else if (operation === 0x35) jump(a >= operand);
    else if (operation === 0x06) return operand !== 0;
    else throw new Error(`Cannot run operation ${operation}: unknown`);
  }
  throw new Error('Cannot end: no return');
}

function addresses(...texts: readonly string[]): Address[] {
  return texts.map((text) => parseAddress(text)!);
}

const ARP = arpFilter(addresses('192.0.2.6', '192.0.2.9'), LINK);
const NEIGHBOR = neighborFilter(addresses('2001:db8::6', '2001:db8::9'), LINK);

it.each([
  ['a request', ARP, ARP_REQUEST, true],
  ['a unicast request', ARP, ARP_UNICAST_REQUEST, true],
  ['a probe', ARP, ARP_PROBE, true],
  ['a reply with the address as sender', ARP, withByte(withByte(ARP_ANNOUNCEMENT, 21, 2), 41, 200), true],
  ['a request for an address above', ARP, withByte(ARP_REQUEST, 41, 10), false],
  ['a request for an address below', ARP, withByte(ARP_REQUEST, 41, 5), false],
  ['another operation', ARP, withByte(ARP_REQUEST, 21, 3), false],
  ['a solicitation', NEIGHBOR, SOLICITATION, true],
  ['a unicast solicitation', NEIGHBOR, UNICAST_SOLICITATION, true],
  ['a detection of duplicates', NEIGHBOR, DAD_SOLICITATION, true],
  ['an advertisement', NEIGHBOR, ADVERTISEMENT, true],
  ['a solicitation for another', NEIGHBOR, neighborProbe(parseAddress('2001:db8::a')!, OURS), false],
  ['one for another, from the address', NEIGHBOR, withByte(SOLICITATION, 37, 7), true],
  ['a router solicitation', NEIGHBOR, withByte(SOLICITATION, 54, 133), false],
  ['UDP', NEIGHBOR, withByte(SOLICITATION, 20, 17), false],
  ['a frame that is cut off', NEIGHBOR, SOLICITATION.subarray(0, 60), false],
  ['nothing', ARP, bytes(''), false],
])('%s', (_, program, frame, expected) => {
  expect(passes(program, frame)).toBe(expected);
  expect(passes(program, frame, TO_ANOTHER)).toBe(false);
  expect(passes(program, frame, FROM_US)).toBe(false);
  expect(passes(program, frame, TO_US, VLAN_ON_IT)).toBe(false);
});

it('without an address nothing passes', () => {
  expect(passes(arpFilter([], LINK), ARP_REQUEST)).toBe(false);
  expect(passes(neighborFilter([], LINK), SOLICITATION)).toBe(false);
});

it('whatever concerns one of the addresses passes', () => {
  const v4 = fc.bigInt({ min: 1n, max: 0xdfff_ffffn }).map((value) => addressOf(4, value));
  const v6 = fc.bigInt({ min: 1n, max: (1n << 120n) - 1n }).map((value) => addressOf(6, value));
  fc.assert(
    fc.property(fc.array(v4, { minLength: 1 }), fc.array(v6, { minLength: 1 }), (four, six) => {
      const [arp, neighbor] = [arpFilter(four, LINK), neighborFilter(six, LINK)];
      for (const address of four) expect(passes(arp, arpProbe(address, OURS))).toBe(true);
      for (const address of six) {
        expect(passes(neighbor, neighborProbe(address, OURS))).toBe(true);
        expect(passes(neighbor, neighborAnnouncement(address, OURS))).toBe(true);
      }
    }),
  );
});
