/** Which subnets and gateways a node tells of. */
import { gatewaysIn, networksOf, readNodeSegments } from '../../../../speaker/cluster/node-segments.ts';

const INTERFACES = {
  lo: [{ address: '127.0.0.1', cidr: '127.0.0.1/8' }],
  eth0: [
    { address: '10.98.0.11', cidr: '10.98.0.11/24' },
    { address: 'fd00:98::11', cidr: 'fd00:98::11/64' },
    { address: 'fe80::1', cidr: 'fe80::1/64' },
  ],
  eth1: [{ address: '172.16.0.0', cidr: '172.16.0.0/12' }],
  cni0: [{ address: '10.244.0.1', cidr: '10.244.0.1/24' }],
};

it.each([
  ['of the interface with the address of the node', ['10.98.0.11'], [], ['10.98.0.0/24', 'fd00:98::/64']],
  ['of those that layer 2 uses', [], ['eth1'], ['172.16.0.0/12']],
  ['of no other', ['192.0.2.1'], [], []],
])('networks: %s', (_, nodeAddresses, interfaces, expected) => {
  expect(networksOf(INTERFACES, { nodeAddresses, interfaces })).toEqual(expected);
});

it('gateways: the next hops of default routes, not of others, nor of those without one', () => {
  const v4 = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t0100620A\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t0000620A\tFE00620A\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    '',
  ].join('\n');
  expect(gatewaysIn(v4, 4)).toEqual(['10.98.0.1']);
  const zero = '0'.repeat(32);
  const v6 = [
    `${zero} 00 ${zero} 00 fd000098000000000000000000000001 00000400 00000001 00000000 00000003     eth0`,
    `fd000098000000000000000000000000 40 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001     eth0`,
    `${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo`,
  ].join('\n');
  expect(gatewaysIn(v6, 6)).toEqual(['fd00:98::1']);
  expect(gatewaysIn('', 6)).toEqual([]);
});

it('reads those of the machine it runs on', () => {
  const { networks, gateways } = readNodeSegments({ nodeAddresses: [], interfaces: [] });
  expect(networks).toBeUndefined();
  expect(Array.isArray(gateways ?? [])).toBe(true);
});
