/**
 * `nextHops: AllNodes` with the real BIRD and FRR: one session has a path by each node, and the router's kernel follows them, as in the set-up that OpenELB documents.
 * Needs root, bird2 and frr.
 */
import { until } from '../../support/eventually.ts';
import {
  aBgpPeer,
  anEip,
  anEndpoint,
  anotherNode,
  aService,
  aSlice,
  type ClusterOptions,
} from '../../support/speaker-builders.ts';
import { Frr } from './support/frr.ts';
import { NODE } from './support/lan.ts';
import { withSite } from './support/with-site.ts';

const BY = { 1: NODE.v4, 2: '192.0.2.12', 3: '192.0.2.13' } as const;
const node2 = anotherNode('node-2', 12);
const node3 = anotherNode('node-3', 13);

const cluster = (over: ClusterOptions = {}): ClusterOptions => ({
  bgpPeers: [aBgpPeer('router-1', { nextHops: 'AllNodes' })],
  eips: [anEip('v4', { bgp: { communities: ['65000:100'] } }), anEip('v6')],
  services: [
    aService({ ips: ['198.51.100.7', '2001:db8:100::7'] }),
    aService({ name: 'local', ips: ['198.51.100.8'], policy: 'Local' }),
  ],
  slices: [aSlice([anEndpoint('node-2'), anEndpoint('node-3')], { service: 'local' })],
  others: [node2, node3],
  ...over,
});

it('the paths in the router’s kernel follow endpoints, maintenance and dead nodes, by a session that stays', async () => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, { neighbors: ['v4'] });
    const has = async (state: string, address: string, ...nextHops: readonly string[]) => {
      const isThere = () => JSON.stringify(frr.kernelRoute(address).sort()) === JSON.stringify(nextHops);
      await until(`${state}: ${address}`, isThere).catch(() => expect(frr.kernelRoute(address)).toEqual(nextHops));
    };
    const step = async (over: ClusterOptions) => {
      expect(await site.apply(cluster(over))).toMatchObject({ kind: 'Applied' });
    };
    await site.applyUntilRunning(cluster());
    expect(await site.established()).not.toHaveProperty('sendsOnePath');
    const { since } = await site.session();
    await has('all nodes', '198.51.100.7', BY[1], BY[2], BY[3]);
    await has('all nodes', '2001:db8:100::7', 'fd00::11', 'fd00::12', 'fd00::13');
    await has('nodes with an endpoint', '198.51.100.8', BY[2], BY[3]);
    expect(frr.paths('198.51.100.7/32').map(({ communities }) => communities)).toEqual(Array(3).fill(['65000:100']));

    await step({ slices: [aSlice([anEndpoint('node-2')], { service: 'local' })] });
    await has('an endpoint less', '198.51.100.8', BY[2]);
    await step({ others: [{ ...node2, inMaintenance: true }, node3] });
    await has('a node in maintenance', '198.51.100.7', BY[1], BY[3]);
    await has('a node in maintenance', '198.51.100.8', BY[3]);
    await step({ others: [node2, { ...node3, isLive: false }] });
    await has('a dead node', '198.51.100.7', BY[1], BY[2]);
    await step({});
    await has('all nodes again', '198.51.100.7', BY[1], BY[2], BY[3]);
    expect((await site.session()).since).toBe(since);

    frr.configure('address-family ipv4 unicast', `neighbor ${NODE.v4} disable-addpath-rx`);
    await until('a session without ADD-PATH', async () => (await site.session()).sendsOnePath === true);
    await has('one path, that of the node itself', '198.51.100.7', BY[1]);
  });
});
