/** Neighbour discovery read and written: rows from the wire, then whatever bytes there are. */
import fc from 'fast-check';
import { addressOf, formatAddress, parseAddress } from '../../../../../lib/net/address.ts';
import { readSource } from '../../../../../speaker/l2/frames/frame.ts';
import { formatMac, readMac } from '../../../../../speaker/l2/frames/mac-address.ts';
import {
  decodeNeighbor,
  isLinkLocal,
  multicastMac,
  neighborAnnouncement,
  neighborProbe,
  neighborReply,
  neighborSolicitation,
  solicitedNodeGroup,
} from '../../../../../speaker/l2/frames/ndp.ts';
import {
  ADVERTISEMENT,
  ARP_REQUEST,
  bytes,
  DAD_SOLICITATION,
  OURS,
  SOLICITATION,
  THEIRS,
  UNICAST_SOLICITATION,
  withByte,
} from '../frames.ts';

const target = parseAddress('2001:db8::7')!;

function shown(frame: Uint8Array): string {
  const decoded = decodeNeighbor(frame);
  if (!decoded.ok) return decoded.fault;
  const { value } = decoded;
  const ends = `${formatAddress(value.source)} ${formatAddress(value.destination)} ${formatAddress(value.target)}`;
  return value.kind === 'solicitation'
    ? `solicitation ${ends} ${formatMac(value.sourceMac)}`
    : `advertisement ${ends} ${formatMac(value.targetMac)}${value.solicited ? ' S' : ''}${value.override ? ' O' : ''}`;
}

/** The frame with bytes changed and the checksum made right again. */
function mended(frame: Uint8Array, changes: Record<number, number>): Uint8Array {
  const copy = frame.slice();
  for (const [at, value] of Object.entries(changes)) copy[Number(at)] = value;
  copy[56] = 0;
  copy[57] = 0;
  const end = 54 + ((copy[18]! << 8) | copy[19]!);
  let sum = end - 54 + 58;
  for (let at = 22; at < end; at += 2) sum += (copy[at]! << 8) | (copy[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  copy[56] = (~sum >>> 8) & 0xff;
  copy[57] = ~sum & 0xff;
  return copy;
}

it.each([
  ['a solicitation', SOLICITATION, `solicitation fe80::1 ff02::1:ff00:7 2001:db8::7 ${formatMac(THEIRS)}`],
  [
    'a unicast one without option',
    UNICAST_SOLICITATION,
    `solicitation 2001:db8::1 2001:db8::7 2001:db8::7 ${formatMac(THEIRS)}`,
  ],
  ['duplicate address detection', DAD_SOLICITATION, `solicitation :: ff02::1:ff00:7 2001:db8::7 ${formatMac(THEIRS)}`],
  ['an advertisement', ADVERTISEMENT, `advertisement 2001:db8::7 ff02::1 2001:db8::7 ${formatMac(THEIRS)} O`],
  ['no byte', bytes(''), 'Truncated'],
  ['a header alone', SOLICITATION.subarray(0, 14), 'Truncated'],
  ['all but the last byte', SOLICITATION.subarray(0, 85), 'Truncated'],
  ['an empty payload', mended(SOLICITATION, { 19: 0 }), 'Truncated'],
  ['half a solicitation', mended(SOLICITATION, { 19: 8 }), 'Truncated'],
  ['ARP', ARP_REQUEST, 'OtherProtocol'],
  ['IPv4 under the type of IPv6', withByte(SOLICITATION, 14, 0x45), 'OtherProtocol'],
  ['UDP', withByte(SOLICITATION, 20, 17), 'OtherProtocol'],
  ['a hop-by-hop header', withByte(SOLICITATION, 20, 0), 'OtherProtocol'],
  ['an echo request', mended(SOLICITATION, { 54: 128 }), 'OtherOperation'],
  ['a router advertisement', mended(SOLICITATION, { 54: 134 }), 'OtherOperation'],
  ['one that came through a router', withByte(SOLICITATION, 21, 254), 'BadHopLimit'],
  ['a wrong checksum', withByte(SOLICITATION, 57, 0x01), 'BadChecksum'],
  ['a code', mended(SOLICITATION, { 55: 1 }), 'Malformed'],
  ['a multicast target', mended(SOLICITATION, { 62: 0xff }), 'BadAddress'],
  ['a multicast source', mended(SOLICITATION, { 22: 0xff }), 'BadAddress'],
  ['a group as link-layer address', mended(SOLICITATION, { 80: 0x01 }), 'BadAddress'],
  ['an option of length zero', mended(SOLICITATION, { 79: 0 }), 'BadOption'],
  ['an option that reaches beyond', mended(SOLICITATION, { 79: 2 }), 'BadOption'],
  ['detection by unicast', mended(DAD_SOLICITATION, { 38: 0x20, 39: 0x01 }), 'Malformed'],
  ['a solicited answer to all', mended(ADVERTISEMENT, { 58: 0x60 }), 'Malformed'],
  [
    'a solicitation with an option of another kind',
    mended(SOLICITATION, { 78: 14 }),
    `solicitation fe80::1 ff02::1:ff00:7 2001:db8::7 ${formatMac(THEIRS)}`,
  ],
])('reads %s', (_, frame, expected) => {
  expect(shown(frame)).toBe(expected);
});

it('refuses a source option from nobody', () => {
  const frame = SOLICITATION.slice().fill(0, 22, 38);
  expect(shown(mended(frame, {}))).toBe('Malformed');
});

it.each([
  [
    'a solicitation, to who asked',
    SOLICITATION,
    THEIRS,
    `advertisement 2001:db8::7 fe80::1 2001:db8::7 ${formatMac(OURS)} S O`,
  ],
  [
    'a detection, to all',
    DAD_SOLICITATION,
    0x3333_0000_0001,
    `advertisement 2001:db8::7 ff02::1 2001:db8::7 ${formatMac(OURS)} O`,
  ],
])('answers %s', (_, frame, to, expected) => {
  const asked = decodeNeighbor(frame);
  if (!asked.ok || asked.value.kind !== 'solicitation') throw new Error('Cannot go on: not a solicitation');
  const reply = neighborReply(asked.value, OURS);
  expect(shown(reply)).toBe(expected);
  expect([readMac(reply, 0), readSource(reply)]).toEqual([to, OURS]);
});

it('announces to all, and probes without a claim', () => {
  expect(neighborAnnouncement(target, THEIRS)).toEqual(ADVERTISEMENT);
  expect(neighborProbe(target, THEIRS)).toEqual(DAD_SOLICITATION);
});

it('asks about its own in a way that is answered to it alone', () => {
  const own = parseAddress('fe80::1')!;
  const frame = neighborSolicitation(target, own, THEIRS);
  expect(shown(frame)).toBe(`solicitation fe80::1 ff02::1:ff00:7 2001:db8::7 ${formatMac(THEIRS)}`);
  const asked = decodeNeighbor(frame);
  if (!asked.ok || asked.value.kind !== 'solicitation') throw new Error('Cannot go on: not a solicitation');
  expect(readMac(neighborReply(asked.value, OURS), 0)).toBe(THEIRS);
});

it.each([
  ['fe80::1', true],
  ['febf::1', true],
  ['fec0::1', false],
  ['2001:db8::7', false],
  ['169.254.0.1', false],
])('%s is link-local: %s', (text, expected) => {
  expect(isLinkLocal(parseAddress(text)!)).toBe(expected);
});

it.each([
  ['2001:db8::7', 'ff02::1:ff00:7', '33:33:ff:00:00:07'],
  ['2001:db8::12:3456', 'ff02::1:ff12:3456', '33:33:ff:12:34:56'],
])('%s is solicited at %s, %s', (text, group, mac) => {
  const found = solicitedNodeGroup(parseAddress(text)!);
  expect([formatAddress(found), formatMac(multicastMac(found))]).toEqual([group, mac]);
});

it('any bytes are a message or have a fault', () => {
  const near = fc
    .tuple(fc.constantFrom(SOLICITATION, DAD_SOLICITATION, ADVERTISEMENT), fc.nat(85), fc.nat(255), fc.boolean())
    .map(([frame, at, value, mend]) => (mend ? mended(frame, { [at]: value }) : withByte(frame, at, value)));
  const cut = fc.tuple(near, fc.nat(90)).map(([frame, length]) => frame.subarray(0, length));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 120 }), near, cut), (frame) => {
      expect(shown(frame)).toMatch(/^(solicitation|advertisement) |^(Truncated|Other|Bad)[A-Z]?[A-Za-z]*$|^Malformed$/);
    }),
    { numRuns: 3_000 },
  );
});

it('what it writes the reader takes, for every address', () => {
  const unicast = fc.bigInt({ min: 1n, max: (0xfen << 120n) - 1n }).map((value) => addressOf(6, value));
  fc.assert(
    fc.property(unicast, (one) => {
      const text = formatAddress(one);
      expect(shown(neighborAnnouncement(one, OURS))).toBe(`advertisement ${text} ff02::1 ${text} ${formatMac(OURS)} O`);
      const group = formatAddress(solicitedNodeGroup(one));
      expect(shown(neighborProbe(one, OURS))).toBe(`solicitation :: ${group} ${text} ${formatMac(OURS)}`);
    }),
  );
});
