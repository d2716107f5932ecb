/** Which links of a node an Eip's address is answered for on. */
import { parseInterfaces } from '../../../../../lib/api/eip/interface-selector.ts';
import { formatAddress, parseAddress } from '../../../../../lib/net/address.ts';
import type { Link } from '../../../../../speaker/l2/link/link.ts';
import { matchLinks } from '../../../../../speaker/l2/link/match-links.ts';

function link(name: string, index: number, addresses: readonly string[], isUp = true): Link {
  return { name, index, mac: 0x0200_0000_0000 + index, isUp, addresses: addresses.map((one) => parseAddress(one)!) };
}

const LINKS = [
  link('bond0', 2, ['198.51.100.11', '2001:db8:1::11']),
  link('eth0', 3, ['192.0.2.11', '192.0.2.12', 'fe80::11']),
  link('eth1', 4, [], false),
  link('eth1.5', 5, ['203.0.113.11']),
];
const ROUTES: Readonly<Record<string, string>> = { '203.0.113.1': 'eth1.5', '10.0.0.1': 'wg0' };

function matched(text: string, nodeAddress?: string): readonly string[] {
  return matchLinks(parseInterfaces(text, []), {
    links: LINKS,
    linkTowards: (address) => ROUTES[formatAddress(address)],
    nodeAddress: nodeAddress === undefined ? undefined : parseAddress(nodeAddress),
  }).map(({ name }) => name);
}

it.each([
  ['eth0', ['eth0']],
  ['eth1,eth0', ['eth0', 'eth1']],
  ['eth*', ['eth0', 'eth1', 'eth1.5']],
  ['*', ['bond0', 'eth0', 'eth1', 'eth1.5']],
  ['eth9', []],
  ['can_reach:203.0.113.1', ['eth1.5']],
  ['can_reach:203.0.113.1,eth1?5,bond0', ['bond0', 'eth1.5']],
  ['can_reach:203.0.113.9', []],
  ['can_reach:10.0.0.1', []],
])('%s', (text, expected) => {
  expect(matched(text)).toEqual(expected);
  expect(matched(text, '192.0.2.11')).toEqual(expected);
});

it.each([
  ['192.0.2.12', ['eth0']],
  ['2001:db8:1::11', ['bond0']],
  ['192.0.2.99', []],
  [undefined, []],
])('without spec.interface, on a node with %s', (nodeAddress, expected) => {
  expect(matched('', nodeAddress)).toEqual(expected);
});
