/** What the cluster knows to be in use or reserved. */
import type { BgpPeerObject } from '../../../../../lib/api/bgp/bgp-types.ts';
import type { Node, ServiceCidr } from '../../../../../lib/api/service/service.ts';
import type { SpeakerObject } from '../../../../../lib/api/skycap/speaker-types.ts';
import {
  addressesOfNode,
  ofBgpPeer,
  ofNode,
  ofServiceCidr,
  ofSpeaker,
  ReservedAddresses,
  sameAddresses,
} from '../../../../../lib/ipam/pools/reserved.ts';
import type { Reservation } from '../../../../../lib/ipam/pools/withheld.ts';
import { rangeText } from '../../../../../lib/net/range.ts';
import { HandStore } from '../../../../support/hand-store.ts';
import { addr, eip } from '../builders.ts';

const said = (reservations: readonly Reservation[]): string[] =>
  reservations.map(
    ({ range, what, onLayer2Only }) => `${rangeText(range)} is ${what}${onLayer2Only ? ' (layer 2)' : ''}`,
  );
const node = (name: string, addresses: Record<string, string>, podCIDRs: readonly string[] = []): Node => ({
  metadata: { name },
  spec: { podCIDRs, unschedulable: true },
  status: { addresses: Object.entries(addresses).map(([type, address]) => ({ type, address })) },
});
const speaker = (networks: readonly string[], gateways: readonly string[] = [], name = 'n1'): SpeakerObject => ({
  apiVersion: 'skycap.io/v1alpha1',
  kind: 'Speaker',
  metadata: { name },
  status: { networks, gateways },
});

it.each<[string, readonly Reservation[], readonly string[]]>([
  [
    'addresses and pod networks of a node, not its name',
    ofNode(
      node('n1', { InternalIP: '10.0.0.1', ExternalIP: '2001:db8::1', Hostname: 'n1', InternalDNS: '10.0.0.9' }, [
        '10.244.0.0/24',
      ]),
    ),
    [
      '10.0.0.1 is an address of node n1',
      '2001:db8::1 is an address of node n1',
      '10.244.0.0-10.244.0.255 is in the pod network of node n1 (10.244.0.0/24)',
    ],
  ],
  [
    'a node of one pod network, as it was',
    ofNode({ metadata: { name: 'n1' }, spec: { podCIDR: '10.244.1.0/24' } }),
    ['10.244.1.0-10.244.1.255 is in the pod network of node n1 (10.244.1.0/24)'],
  ],
  ['a node that says nothing', ofNode({ metadata: { name: 'n1' } }), []],
  [
    'a router',
    ofBgpPeer({ metadata: { name: 'core' }, spec: { conf: { neighborAddress: '10.0.0.254' } } }),
    ['10.0.0.254 is the router of BgpPeer core'],
  ],
  [
    'a router that cannot be read',
    ofBgpPeer({ metadata: { name: 'core' }, spec: { conf: { neighborAddress: 'x' } } }),
    [],
  ],
  [
    'Services',
    ofServiceCidr({ metadata: { name: 'kubernetes' }, spec: { cidrs: ['10.96.0.0/16', 'fd00:96::/108'] } }),
    [
      '10.96.0.0-10.96.255.255 is in the network of cluster IPs (10.96.0.0/16)',
      'fd00:96::-fd00:96::f:ffff is in the network of cluster IPs (fd00:96::/108)',
    ],
  ],
  [
    'a segment',
    ofSpeaker(speaker(['10.98.0.0/24', 'fd00:98::/64'], ['10.98.0.1'])),
    [
      '10.98.0.0 is the network address of 10.98.0.0/24 (layer 2)',
      '10.98.0.255 is the broadcast address of 10.98.0.0/24 (layer 2)',
      'fd00:98:: is the subnet-router anycast address of fd00:98::/64 (layer 2)',
      'fd00:98::fdff:ffff:ffff:ff80-fd00:98::fdff:ffff:ffff:ffff is kept for subnet anycast in fd00:98::/64 (layer 2)',
      '10.98.0.1 is the gateway of a node',
    ],
  ],
  [
    'links between two, and single addresses',
    ofSpeaker(speaker(['10.0.0.0/31', '10.0.0.7/32', 'fd00::/127', 'fd00::9/128'])),
    [],
  ],
])('%s', (_, reservations, expected) => {
  expect(said(reservations)).toEqual(expected);
});

it('keeps of a Node what it needs, and knows when that is the same', () => {
  const busy = node('n1', { InternalIP: '10.0.0.1', Hostname: 'n1' }, ['10.244.0.0/24']);
  expect(addressesOfNode(busy)).toEqual({
    spec: { podCIDRs: ['10.244.0.0/24'] },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] },
  });
  expect(sameAddresses(busy, { ...busy, spec: { podCIDRs: ['10.244.0.0/24'] } })).toBe(true);
  expect(sameAddresses(busy, node('n1', { InternalIP: '10.0.0.2' }, ['10.244.0.0/24']))).toBe(false);
});

it('follows the stores, and tells of what changes', () => {
  const sources = {
    nodes: new HandStore<Node>(),
    bgpPeers: new HandStore<BgpPeerObject>(),
    serviceCidrs: new HandStore<ServiceCidr>(),
    speakers: new HandStore<SpeakerObject>(),
  };
  const reserved = new ReservedAddresses(sources);
  let changes = 0;
  reserved.onChange = () => changes++;
  const pool = eip('web', '10.98.0.0/24', { protocol: 'layer2' });
  const why = (text: string): string | undefined => reserved.withheldFrom(pool).why(addr(text));
  expect(reserved.withheldFrom(pool).isEmpty).toBe(true);
  const first = node('n1', { InternalIP: '10.98.0.11' });
  sources.nodes.put(first);
  expect([why('10.98.0.11'), changes]).toEqual(['10.98.0.11 is an address of node n1', 1]);
  sources.nodes.put({ ...first, spec: { unschedulable: false } });
  expect(changes).toBe(1);
  for (const name of ['n1', 'n2', 'n3']) sources.speakers.put(speaker(['10.98.0.0/24'], [], name));
  expect(reserved.withheldFrom(pool).text()).toBe(
    '3 of 256 addresses are given to nobody: 10.98.0.11 is an address of node n1, 10.98.0.0 is the network address of 10.98.0.0/24, 10.98.0.255 is the broadcast address of 10.98.0.0/24',
  );
  sources.nodes.remove(first);
  expect([why('10.98.0.11'), why('10.98.0.255')]).toEqual([
    undefined,
    '10.98.0.255 is the broadcast address of 10.98.0.0/24',
  ]);
});
