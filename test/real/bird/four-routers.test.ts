/**
 * One speaker's BIRD announces routes of both families to four routers of different makes: FRR, GoBGP, OpenBGPD and BIRD. Each has the same path. Needs root, bird2,
 * frr, gobgpd and openbgpd.
 */
import { until } from '../../support/eventually.ts';
import { ip } from '../../support/namespaces.ts';
import { aBgpPeer, anEip, aService, type ClusterOptions } from '../../support/speaker-builders.ts';
import { BirdRouter } from './support/bird-router.ts';
import { Frr } from './support/frr.ts';
import { GoBgp } from './support/gobgp.ts';
import { type Lan, NODE } from './support/lan.ts';
import { OpenBgpd } from './support/openbgpd.ts';
import { withSite } from './support/with-site.ts';

const NODE_AS = 64512;
/** The name of the BgpPeer, the address and the AS number. */
const ROUTERS = {
  frr: { address: '192.0.2.1', as: 64513 },
  gobgp: { address: '192.0.2.2', as: 64514 },
  openbgpd: { address: '192.0.2.3', as: 64515 },
  bird: { address: '192.0.2.4', as: 64516 },
} as const;
const HOSTS = [
  ['198.51.100.7/32', NODE.v4],
  ['2001:db8:100::7/128', NODE.v6],
] as const;

/** A path in one spelling. */
interface Path {
  readonly nextHop: string;
  readonly asPath: string;
  readonly med: number | undefined;
  /** `65000:100` and `65000:1:2`, sorted. */
  readonly communities: readonly string[];
}

type Router = (prefix: string) => Promise<Path | undefined>;

const GRACEFUL_SHUTDOWN = '65535:0';
const path = (nextHop: string, ...more: readonly string[]): Path => ({
  nextHop,
  asPath: String(NODE_AS),
  med: 50,
  communities: ['65000:1:2', '65000:100', ...more].sort(),
});

async function startFrr(lan: Lan): Promise<Router> {
  const frr = await Frr.start(lan, { neighbors: ['v4'], passive: true, listensOn: ROUTERS.frr.address });
  return async (prefix) => {
    const [first] = frr.paths(prefix);
    const nextHops = frr.route(prefix)?.nextHops ?? [];
    if (!first) return undefined;
    const communities = [...first.communities, ...first.largeCommunities].map((one) =>
      one === 'graceful-shutdown' ? GRACEFUL_SHUTDOWN : one,
    );
    return { nextHop: nextHops.join(), asPath: first.asPath, med: first.med, communities: communities.sort() };
  };
}

async function startGoBgp(lan: Lan): Promise<Router> {
  const neighbors = [{ address: NODE.v4, as: NODE_AS, passive: true }];
  const gobgp = await GoBgp.start(lan, {
    ...{ ...ROUTERS.gobgp, where: lan.router, listens: true, neighbors, apiPort: 50_051 },
  });
  return async (prefix) => {
    const route = gobgp.receivedFrom(NODE.v4).get(prefix);
    if (!route) return undefined;
    const communities = route.communities.map((one) => `${Number(one) >>> 16}:${Number(one) & 0xffff}`);
    const large = route.large.map((one) => Object.values(JSON.parse(one) as object).join(':'));
    const { nextHop, asPath, med } = route;
    return { nextHop, asPath: asPath.join(' '), med, communities: [...communities, ...large].sort() };
  };
}

async function startOpenBgpd(lan: Lan): Promise<Router> {
  const neighbor = { address: NODE.v4, as: NODE_AS };
  const openbgpd = await OpenBgpd.start(lan, { ...ROUTERS.openbgpd, neighbor });
  return async (prefix) => {
    const route = openbgpd.route(prefix);
    if (!route) return undefined;
    const communities = [...(route.communities ?? []), ...(route.large_communities ?? [])].map((one) =>
      one === 'GRACEFUL_SHUTDOWN' ? GRACEFUL_SHUTDOWN : one,
    );
    const { exit_nexthop: nextHop, aspath: asPath, metric: med } = route;
    return { nextHop, asPath, med, communities: communities.sort() };
  };
}

async function startBird(lan: Lan): Promise<Router> {
  const { address, as } = ROUTERS.bird;
  const config = [
    'protocol bgp node {',
    `  local ${address} as ${as};`,
    '  strict bind on;',
    `  neighbor ${NODE.v4} as ${NODE_AS};`,
    '  passive;',
    '  ipv4 { import all; export none; };',
    '  ipv6 { import all; export none; };',
    '}',
  ];
  const bird = await BirdRouter.start(lan, { where: lan.router, address, config });
  return async (prefix) => {
    const route = await bird.route(prefix);
    const communities = route?.communities.map((one) => one.replace(/[() ]/g, '').replaceAll(',', ':'));
    return route && { ...route, communities: communities?.sort() ?? [] };
  };
}

it('FRR, GoBGP, OpenBGPD and BIRD have the routes of both families, their attributes, GRACEFUL_SHUTDOWN and the withdrawal', async () => {
  await withSite(async (site, lan) => {
    for (const { address } of Object.values(ROUTERS).slice(1))
      ip('-n', lan.router, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    const routers = {
      frr: await startFrr(lan),
      gobgp: await startGoBgp(lan),
      openbgpd: await startOpenBgpd(lan),
      bird: await startBird(lan),
    };
    const bgp = { communities: ['65000:100', '65000:1:2'], med: 50 };
    const cluster: ClusterOptions = {
      bgpPeers: Object.entries(ROUTERS).map(([name, { address, as }]) =>
        aBgpPeer(name, { conf: { neighborAddress: address, peerAs: as } }),
      ),
      eips: [anEip('v4', { bgp }), anEip('v6', { bgp })],
      services: [
        aService({ name: 'v4', ips: ['198.51.100.7'] }),
        aService({ name: 'v6', ips: ['2001:db8:100::7'], eip: 'v6' }),
      ],
    };
    const allHave = async (state: string, of: (nextHop: string) => Path | undefined) => {
      for (const [name, router] of Object.entries(routers)) {
        for (const [prefix, nextHop] of HOSTS) {
          const wanted = of(nextHop);
          const isThere = async () => JSON.stringify(await router(prefix)) === JSON.stringify(wanted);
          await until(`${name}: ${prefix} ${state}`, isThere).catch(async () =>
            expect({ name, path: await router(prefix) }).toEqual({ name, path: wanted }),
          );
        }
      }
    };

    await site.applyUntilRunning(cluster);
    await Promise.all(Object.keys(ROUTERS).map((name) => site.established(name)));
    const since = async () => Promise.all(Object.keys(ROUTERS).map(async (name) => (await site.session(name)).since));
    const before = await since();
    await allHave('announced', (nextHop) => path(nextHop));

    const maintenance = {
      withdrawn: new Set<string>(),
      kept: [],
      isDraining: true,
      drainsUntilMs: Date.now() + 60_000,
    };
    await site.apply({ ...cluster, maintenance });
    await allHave('in maintenance', (nextHop) => path(nextHop, GRACEFUL_SHUTDOWN));

    await site.apply({ ...cluster, services: [] });
    await allHave('withdrawn', () => undefined);
    expect(await since()).toEqual(before);
  });
});
