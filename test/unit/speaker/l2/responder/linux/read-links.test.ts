/** What the kernel says of its interfaces, read. `test/real/l2` has a real kernel say it. */
import fc from 'fast-check';
import { formatAddress, parseAddress } from '../../../../../../lib/net/address.ts';
import { formatMac } from '../../../../../../speaker/l2/frames/mac-address.ts';
import {
  attributesOf,
  messagesIn,
  type NetlinkMessage,
  readInterface,
  readInterfaceAddress,
  readOutgoing,
  routeRequest,
} from '../../../../../../speaker/l2/responder/linux/netlink.ts';
import { indexToTellOf, readLinks } from '../../../../../../speaker/l2/responder/linux/read-links.ts';

const [ETHERNET, LOOPBACK, TUNNEL] = [1, 772, 65_534];
const [UP, LOOP, RUNNING, NO_ARP] = [0x1, 0x8, 0x40, 0x80];
const [MAC, NAME, LINK_INFO, EVENT] = [1, 3, 18, 44];
const SLAVE_KIND = 4;

function attribute(type: number, value: Buffer | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(`${value}\0`) : value;
  const padded = Buffer.alloc((4 + bytes.length + 3) & ~3);
  padded.writeUInt16LE(4 + bytes.length, 0);
  padded.writeUInt16LE(type, 2);
  bytes.copy(padded, 4);
  return padded;
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

interface Given {
  readonly name: string;
  readonly index: number;
  readonly flags?: number;
  readonly hardware?: number;
  readonly portOf?: string;
  readonly event?: number;
}

function link({ name, index, flags = UP | RUNNING, hardware = ETHERNET, portOf, event }: Given): NetlinkMessage {
  const header = Buffer.alloc(16);
  header.writeUInt16LE(hardware, 2);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(flags, 8);
  const attributes = [attribute(NAME, name), attribute(MAC, Buffer.from([2, 0, 0, 0, 0, index]))];
  // As the kernel does, with the flag for what is nested.
  if (portOf) attributes.push(attribute(LINK_INFO | 0x8000, attribute(SLAVE_KIND, portOf)));
  if (event !== undefined) attributes.push(attribute(EVENT, number(event)));
  return { type: 16, body: Buffer.concat([header, ...attributes]) };
}

function address(index: number, text: string): NetlinkMessage {
  const parsed = parseAddress(text)!;
  const header = Buffer.alloc(8);
  header[0] = parsed.family === 4 ? 2 : 10;
  header.writeInt32LE(index, 4);
  const digits = parsed.value.toString(16).padStart(parsed.family === 4 ? 8 : 32, '0');
  return { type: 20, body: Buffer.concat([header, attribute(1, Buffer.from(digits, 'hex'))]) };
}

function read(...messages: readonly NetlinkMessage[]): readonly string[] {
  return readLinks(messages).links.map(({ name, index, isUp, mac, addresses }) =>
    [name, index, isUp ? 'up' : 'down', formatMac(mac), ...addresses.map(formatAddress)].join(' '),
  );
}

it('links with their addresses, by name', () => {
  const messages = [
    link({ name: 'eth1', index: 3, flags: UP }),
    link({ name: 'eth0', index: 2 }),
    address(2, '192.0.2.11'),
    address(2, '2001:db8::11'),
  ];
  expect(read(...messages)).toEqual([
    'eth0 2 up 02:00:00:00:00:02 192.0.2.11 2001:db8::11',
    'eth1 3 down 02:00:00:00:00:03',
  ]);
});

it.each([
  ['loopback', { flags: UP | RUNNING | LOOP, hardware: LOOPBACK }],
  ['a tunnel', { hardware: TUNNEL }],
  ['what does no ARP', { flags: UP | RUNNING | NO_ARP }],
  ['a port of a bridge', { portOf: 'bridge' }],
  ['a port of a bond', { portOf: 'bond' }],
])('%s is no link', (_, differs) => {
  expect(read(link({ name: 'x0', index: 7, ...differs }))).toEqual([]);
});

it('what is a port of a VRF is one', () => {
  expect(read(link({ name: 'x0', index: 7, portOf: 'vrf' }))).toHaveLength(1);
});

it("what does ARP makes the node's own addresses, ports among them; what kube-proxy puts on kube-ipvs0 is none", () => {
  const { macs, addresses } = readLinks([
    link({ name: 'lo', index: 1, flags: UP | LOOP, hardware: LOOPBACK }),
    address(1, '127.0.0.1'),
    link({ name: 'x0', index: 7, portOf: 'bridge' }),
    address(7, '192.0.2.11'),
    link({ name: 'kube-ipvs0', index: 8, flags: NO_ARP }),
    address(8, '192.0.2.70'),
  ]);
  expect([...macs].map(formatMac)).toEqual(['02:00:00:00:00:07', '02:00:00:00:00:08']);
  expect(addresses.map(formatAddress)).toEqual(['192.0.2.11']);
});

it.each([
  [undefined, undefined],
  [0, undefined],
  [3, 5],
  [4, 5],
  [5, undefined],
])('of event %j it is told whose neighbours must learn: %j', (event, expected) => {
  expect(indexToTellOf(link({ name: 'bond0', index: 5, ...(event !== undefined && { event }) }))).toBe(expected);
});

it('the request for a route', () => {
  expect(routeRequest(parseAddress('192.0.2.1')!).toString('hex')).toBe(
    ['24000000', '1a00', '0100', '00000000', '00000000', '0220', '00'.repeat(10), '0800', '0100', 'c0000201'].join(''),
  );
});

it('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const body = Buffer.from(bytes);
      messagesIn(body);
      attributesOf(body, 0);
      readInterface(body);
      readInterfaceAddress(body);
      readOutgoing(body);
      readLinks([16, 20].map((type) => ({ type, body })));
      indexToTellOf({ type: 16, body });
    }),
  );
});
