/** Which nodes the router of a BgpPeer lacks, as OpenELB's set-up with one neighbour lacks all but one. */
import { UnreachedWatch } from '../../../../allocator/status/unreached-watch.ts';
import type { BgpPeerObject } from '../../../../lib/api/bgp/bgp-types.ts';
import type { EipObject } from '../../../../lib/api/eip/eip-types.ts';
import { EXCLUDE_NODE_LABEL } from '../../../../lib/api/keys.ts';
import { node, speaker } from '../../lib/reach/builders.ts';
import { eipObject, handStores } from '../builders.ts';
import { worldOf } from '../decide.ts';

type Labels = Readonly<Record<string, string>>;

const peer = (name: string, matchLabels?: Labels, differs: NonNullable<BgpPeerObject['spec']> = {}): BgpPeerObject => ({
  metadata: { name, labels: { name } },
  spec: {
    conf: { neighborAddress: '192.0.2.1', peerAs: 64513 },
    ...(matchLabels && { nodeSelector: { matchLabels } }),
    ...differs,
  },
});
const eip = (name: string, address: string, spec: EipObject['spec'] = {}): EipObject => {
  const object = eipObject(name, address);
  return { ...object, spec: { ...object.spec, ...spec } };
};

/** Nodes a, b of rack 1 and c, d of rack 2. */
function site(...objects: readonly BgpPeerObject[]) {
  const stores = handStores();
  stores.bgpConfs.put({ metadata: { name: 'default' }, spec: { as: 64512 } });
  for (const [name, rack] of Object.entries({ a: '1', b: '1', c: '2', d: '2' })) {
    stores.nodes.put(node(name, 'True', { rack, name }));
    stores.speakers.put(speaker(name, {}));
  }
  stores.eips.put(eip('web', '198.51.100.0/24'));
  stores.bgpPeers.put(...objects);
  const watch = new UnreachedWatch(worldOf(stores));
  const found = (name: string) => {
    const { nodes, eips } = watch.of(name) ?? { nodes: [], eips: [] };
    return `${nodes.join()} of ${eips.join()}`;
  };
  return { stores, watch, found };
}

const NOTHING = ' of ';
const ONE = peer('one', { name: 'a' });
const PER_RACK = [peer('tor-1', { rack: '1' }), peer('tor-2', { rack: '2' })];

test('the nodes that the one BgpPeer does not select', () => {
  expect(site(ONE).found('one')).toBe('b,c,d of web');
});

test('none with a BgpPeer for all nodes, or with one for each rack', () => {
  expect(site(peer('one')).found('one')).toBe(NOTHING);
  const { found } = site(...PER_RACK);
  expect(PER_RACK.map(({ metadata }) => found(metadata.name ?? ''))).toEqual([NOTHING, NOTHING]);
  // A router for all of them does for the one that has few.
  expect(site(ONE, peer('all')).found('one')).toBe(NOTHING);
});

test('with nextHops: AllNodes one node is enough, in its rack', () => {
  const one = peer('one', { name: 'a' }, { nextHops: 'AllNodes' });
  const { stores, watch, found } = site(one);
  expect(found('one')).toBe(NOTHING);
  const labels = (rack: string) => ({ 'openelb.kubesphere.io/rack': rack });
  for (const [name, rack] of Object.entries({ a: '1', b: '1', c: '2', d: '2' }))
    stores.nodes.put(node(name, 'True', { name, ...labels(rack) }));
  stores.bgpConfs.put({ metadata: { name: 'default' }, spec: { asPerRack: { 1: 65001, 2: 65002 } } });
  watch.look();
  expect(found('one')).toBe('c,d of web');
});

test('BgpPeers that get no route of the Eip reach no node', () => {
  const { stores, watch, found } = site(...PER_RACK);
  const to = (name: string) => ({ bgp: { peers: { names: [name] } } });
  stores.eips.put(eip('web', '198.51.100.0/24', to('tor-1')), eip('db', '203.0.113.0/24', to('tor-1')));
  watch.look();
  expect([found('tor-1'), found('tor-2')]).toEqual(['c,d of db,web', NOTHING]);
});

test('the families of a session count', () => {
  const four = [{ config: { family: { afi: 'AFI_IP', safi: 'SAFI_UNICAST' } } }];
  const { stores, watch, found } = site(peer('four', undefined, { afiSafis: four }), peer('six', { name: 'a' }));
  expect(found('six')).toBe(NOTHING);
  stores.eips.put(eip('web6', '2001:db8:5::/64'));
  for (const name of ['a', 'b', 'c', 'd']) {
    const of4 = node(name, 'True', { name });
    const addresses = [...(of4.status?.addresses ?? []), { type: 'InternalIP', address: '2001:db8::1' }];
    stores.nodes.put({ ...of4, status: { ...of4.status, addresses } });
  }
  watch.look();
  expect([found('four'), found('six')]).toEqual([NOTHING, 'b,c,d of web6']);
});

test.each<[string, (stores: ReturnType<typeof handStores>) => void]>([
  ['a node that may not announce', ({ nodes }) => nodes.put(node('b', 'True', { [EXCLUDE_NODE_LABEL]: '' }))],
  ['a node without a speaker', ({ speakers }) => speakers.remove(speakers.get('b')!)],
  [
    'a node that the Eip does not select',
    ({ eips }) =>
      eips.put(
        eip('web', '198.51.100.0/24', {
          nodeSelector: { matchExpressions: [{ key: 'name', operator: 'NotIn', values: ['b'] }] },
        }),
      ),
  ],
])('%s is not missing', (_, change) => {
  const { stores, watch, found } = site(ONE);
  change(stores);
  expect(watch.look()).toEqual(['one']);
  expect(found('one')).toBe('c,d of web');
  expect(watch.look()).toEqual([]);
});

test.each<[string, EipObject['spec']]>([
  ['layer 2', { protocol: 'layer2', interface: 'eth0' }],
  ['an Eip that only one node announces', { nodeSelector: { matchLabels: { name: 'a' } } }],
])('%s lacks no node', (_, spec) => {
  const { stores, watch, found } = site(ONE);
  stores.eips.put(eip('web', '198.51.100.0/24', spec));
  watch.look();
  expect(found('one')).toBe(NOTHING);
});
