/** ARP frames read and written: rows from the wire, then whatever bytes there are. */
import fc from 'fast-check';
import { formatAddress, parseAddress } from '../../../../../lib/net/address.ts';
import { arpAnnouncement, arpProbe, arpReply, decodeArp } from '../../../../../speaker/l2/frames/arp.ts';
import { formatMac } from '../../../../../speaker/l2/frames/mac-address.ts';
import {
  ARP_ANNOUNCEMENT,
  ARP_PROBE,
  ARP_REQUEST,
  ARP_UNICAST_REQUEST,
  bytes,
  OURS,
  SOLICITATION,
  THEIRS,
  withByte,
} from '../frames.ts';

const address = parseAddress('192.0.2.7')!;

function shown(frame: Uint8Array) {
  const decoded = decodeArp(frame);
  if (!decoded.ok) return decoded.fault;
  const { operation, senderMac, senderAddress, targetAddress } = decoded.value;
  return `${operation} ${formatMac(senderMac)} ${formatAddress(senderAddress)} ${formatAddress(targetAddress)}`;
}

it.each([
  ['a broadcast request', ARP_REQUEST, `request ${formatMac(THEIRS)} 192.0.2.1 192.0.2.7`],
  ['a unicast request with padding', ARP_UNICAST_REQUEST, `request ${formatMac(THEIRS)} 192.0.2.1 192.0.2.7`],
  ['a probe', ARP_PROBE, `request ${formatMac(THEIRS)} 0.0.0.0 192.0.2.7`],
  ['an announcement', ARP_ANNOUNCEMENT, `request ${formatMac(THEIRS)} 192.0.2.7 192.0.2.7`],
  ['a reply', withByte(ARP_REQUEST, 21, 2), `reply ${formatMac(THEIRS)} 192.0.2.1 192.0.2.7`],
  [
    'a reply to a probe',
    bytes(`02005e100001 525400123456 0806
      0001 0800 06 04 0002  525400123456 c0000207  02005e100001 00000000`),
    `reply ${formatMac(THEIRS)} 192.0.2.7 0.0.0.0`,
  ],
  [
    'a reply that nobody asked for',
    bytes(`ffffffffffff 525400123456 0806
      0001 0800 06 04 0002  525400123456 c0000207  ffffffffffff ffffffff`),
    `reply ${formatMac(THEIRS)} 192.0.2.7 255.255.255.255`,
  ],
  ['no byte', bytes(''), 'Truncated'],
  ['all but the last byte', ARP_REQUEST.subarray(0, 41), 'Truncated'],
  ['IPv6', SOLICITATION, 'OtherProtocol'],
  ['hardware that is no Ethernet', withByte(ARP_REQUEST, 15, 6), 'OtherProtocol'],
  ['a protocol that is not IPv4', withByte(ARP_REQUEST, 16, 0x86), 'OtherProtocol'],
  ['hardware addresses of 8 bytes', withByte(ARP_REQUEST, 18, 8), 'OtherProtocol'],
  ['protocol addresses of 16 bytes', withByte(ARP_REQUEST, 19, 16), 'OtherProtocol'],
  ['a reverse request (RFC 903)', withByte(ARP_REQUEST, 21, 3), 'OtherOperation'],
  ['a group as sender', withByte(ARP_REQUEST, 22, 0x53), 'BadAddress'],
  ['a multicast address asked for', withByte(ARP_REQUEST, 38, 224), 'BadAddress'],
  ['a multicast address as sender', withByte(ARP_REQUEST, 28, 239), 'BadAddress'],
])('reads %s', (_, frame, expected) => {
  expect(shown(frame)).toBe(expected);
});

it('answers a request to who asked, in 60 bytes', () => {
  const decoded = decodeArp(ARP_REQUEST);
  const reply = decoded.ok ? arpReply(decoded.value, OURS) : bytes('');
  const expected = bytes(`525400123456 02005e100001 0806
    0001 0800 06 04 0002  02005e100001 c0000207  525400123456 c0000201`);
  expect(reply.length).toBe(60);
  expect(reply.subarray(0, 42)).toEqual(expected);
  expect(reply.subarray(42).every((byte) => byte === 0)).toBe(true);
});

it('announces to all, and probes without a claim', () => {
  expect(arpAnnouncement(address, THEIRS).subarray(0, 42)).toEqual(ARP_ANNOUNCEMENT);
  expect(arpProbe(address, THEIRS).subarray(0, 42)).toEqual(ARP_PROBE);
});

it('any bytes are a packet or have a fault', () => {
  const near = fc.tuple(fc.nat(41), fc.nat(255)).map(([at, value]) => withByte(ARP_REQUEST, at, value));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), near), (frame) => {
      expect(shown(frame)).toMatch(
        /^(request|reply) (([0-9a-f]{2}:){5}[0-9a-f]{2}) [0-9.]+ [0-9.]+$|^(Truncated|OtherProtocol|OtherOperation|BadAddress)$/,
      );
    }),
    { numRuns: 2_000 },
  );
});
