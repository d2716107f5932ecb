/** The real BIRD and FRR: attributes, aggregates and the choice of routers reach the router as the Eip says, and no edit of them resets a session. */
import { until } from '../../support/eventually.ts';
import { aBgpPeer, anEip, aService, type ClusterOptions } from '../../support/speaker-builders.ts';
import type { BirdSite } from './support/bird-site.ts';
import { Frr, type FrrOptions } from './support/frr.ts';
import { type Lan, NODE, ROUTER } from './support/lan.ts';
import { withSite } from './support/with-site.ts';

const HOST = '198.51.100.7/32';
const AGGREGATE = '198.51.100.0/24';
/** Two sessions with one router, which tells them apart by the address of the node. */
const LEFT = aBgpPeer('left', {}, { labels: { side: 'left' } });
const RIGHT = aBgpPeer('right', { conf: { neighborAddress: ROUTER.v6 } });

const cluster = (bgp: object | undefined, over: ClusterOptions = {}): ClusterOptions => ({
  bgpPeers: [LEFT, RIGHT],
  eips: [anEip('v4', bgp ? { bgp } : {}), anEip('v6')],
  services: [aService()],
  ...over,
});

async function withRouter(
  options: FrrOptions,
  act: (site: BirdSite, frr: Frr, lan: Lan) => Promise<void>,
): Promise<void> {
  await withSite(async (site, lan) => act(site, await Frr.start(lan, options), lan));
}

async function established(site: BirdSite, of: ClusterOptions): Promise<void> {
  await site.applyUntilRunning(of);
  await Promise.all((of.bgpPeers ?? []).map(({ metadata }) => site.established(metadata.name)));
}

it('an external router gets communities of all kinds, the MED and the longer path, and no local preference', async () => {
  await withRouter({}, async (site, frr) => {
    const communities = ['65000:100', 'no-export', 'no-peer', '65000:1:2', 'rt:65000:100', 'ro:192.0.2.1:7'];
    const bgp = { communities, med: 50, localPref: 200, asPathPrepend: 2, peers: { names: ['left'] } };
    await established(site, cluster(bgp));
    await until('the route', () => frr.paths(HOST).length > 0);
    expect(frr.paths(HOST)).toEqual([
      {
        from: NODE.v4,
        asPath: '64512 64512 64512',
        communities: ['65000:100', 'no-export', 'no-peer'],
        largeCommunities: ['65000:1:2'],
        extendedCommunities: ['RT:65000:100', 'SoO:192.0.2.1:7'],
        med: 50,
      },
    ]);
  });
});

it('an internal router gets the local preference and the MED, and a path without the AS number of its own', async () => {
  await withRouter({ as: 64512, neighbors: ['v4'] }, async (site, frr) => {
    const bgpPeers = [aBgpPeer('left', { conf: { peerAs: 64512 } })];
    await established(site, cluster({ localPref: 200, med: 0, asPathPrepend: 3 }, { bgpPeers }));
    await until('the route', () => frr.paths(HOST).length > 0);
    expect(frr.paths(HOST)).toMatchObject([{ from: NODE.v4, asPath: '', localPref: 200, med: 0 }]);
  });
});

it('edits of an Eip and of a Service reach the router, and no session is reset', async () => {
  await withRouter({}, async (site, frr, lan) => {
    await established(site, cluster(undefined));
    await until('both paths', () => frr.paths(HOST).length === 2);
    const monitor = lan.start(lan.router, 'monitor', '/usr/sbin/ip', ['monitor', 'route']);
    await until('the route in the kernel', () => frr.kernelRoute('198.51.100.7').length > 0);
    const before = [await site.session('left'), await site.session('right'), frr.neighbor('v4'), frr.neighbor('v6')];
    const step = async (bgp: object | undefined, said: string, over: ClusterOptions = {}) => {
      expect(await site.apply(cluster(bgp, over))).toMatchObject({ kind: 'Applied' });
      await until(`the router to have ${said}`, () => summary(frr) === said);
    };
    const med = { med: 50, communities: ['65000:1'] };
    await step(med, `${HOST} 50 65000:1 from ${NODE.v4},${NODE.v6}`);
    await step({ ...med, med: 60 }, `${HOST} 60 65000:1 from ${NODE.v4},${NODE.v6}`);
    await step(
      { ...med, peers: { selector: { matchLabels: { side: 'left' } } } },
      `${HOST} 50 65000:1 from ${NODE.v4}`,
    );
    await step({ ...med, peers: { names: ['right'] } }, `${HOST} 50 65000:1 from ${NODE.v6}`);
    const open = { ...med, allowServiceOverrides: { communities: true, peers: true } };
    const annotations = { 'skycap.io/bgp-communities': '65000:2', 'skycap.io/bgp-peers': 'left' };
    const services = [aService({ annotations })];
    await step(open, `${HOST} 50 65000:1 65000:2 from ${NODE.v4}`, { services });
    await step(med, `${HOST} 50 65000:1 from ${NODE.v4},${NODE.v6}`, { services });
    const both = { aggregation: { ipv4: 24 } };
    await step(both, `${HOST} from ${NODE.v4},${NODE.v6}; ${AGGREGATE} from ${NODE.v4},${NODE.v6}`);
    await step(undefined, `${HOST} from ${NODE.v4},${NODE.v6}`);
    expect(monitor.tail()).not.toMatch(/Deleted 198\.51\.100\.7/);
    await step({ aggregation: { ipv4: 24, hostRoutes: false } }, `${AGGREGATE} from ${NODE.v4},${NODE.v6}`);
    const other = [aService({ ips: ['198.51.100.200'] })];
    expect(
      await site.apply(cluster({ aggregation: { ipv4: 24, hostRoutes: false } }, { services: other })),
    ).toMatchObject({
      kind: 'Unchanged',
    });
    await step({ aggregation: { ipv4: 24, hostRoutes: false } }, '', { services: [] });
    const after = [await site.session('left'), await site.session('right'), frr.neighbor('v4'), frr.neighbor('v6')];
    const withoutCount = (one: object) => ({ ...one, routesSent: undefined });
    expect(after.map(withoutCount)).toEqual(before.map(withoutCount));
  });
});

/** Per prefix the MED, the communities and the nodes' addresses that it came from; ':' ends an attribute that is there. */
function summary(frr: Frr): string {
  return [HOST, AGGREGATE]
    .flatMap((prefix) => {
      const paths = frr.paths(prefix);
      const [first] = paths;
      if (!first) return [];
      const attributes = [...(first.med === undefined ? [] : [first.med]), ...first.communities];
      return [
        [
          prefix,
          ...attributes,
          'from',
          paths
            .map(({ from }) => from)
            .sort()
            .join(),
        ].join(' '),
      ];
    })
    .join('; ');
}
