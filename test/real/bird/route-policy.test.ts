/**
 * Policies in GoBGP's format: GoBGP and our BIRD announce the same routes under the same policy, and a router of another AS and one of the same get the same from
 * both. Needs root, bird2 and gobgpd.
 */
import { until } from '../../support/eventually.ts';
import { ip } from '../../support/namespaces.ts';
import { randomPolicy, TABLE } from '../../support/policies.ts';
import { Random } from '../../support/random.ts';
import {
  aBgpConf,
  aBgpPeer,
  anEip,
  aPolicyMap,
  aService,
  type ClusterOptions,
} from '../../support/speaker-builders.ts';
import { BirdSite } from './support/bird-site.ts';
import { GoBgp, type ReceivedRoute } from './support/gobgp.ts';
import { Lan, NODE, ROUTER } from './support/lan.ts';

const AS = 64512;
const OTHER_AS = 64513;
const RANDOM_POLICIES = Number(process.env.SKYCAP_TEST_RANDOM_POLICIES ?? 5);
/** GoBGP's addresses beside BIRD's on the node, and the router of the same AS. */
const GOBGP = { v4: '192.0.2.12', v6: 'fd00::12' };
const INTERNAL = '192.0.2.2';
const ROUTES = ['198.51.100.1', '198.51.100.2', '198.51.100.129', '203.0.113.1', '2001:db8:100::1', '2001:db8:100::2'];
const EIPS = [anEip('v4'), anEip('w4', { address: '203.0.113.0/24' }), anEip('v6')];

const cluster = (policy: string): ClusterOptions => ({
  bgpConfs: [aBgpConf({ as: AS, policy: 'bgp-policy' })],
  bgpPeers: [
    aBgpPeer('external', { conf: { neighborAddress: ROUTER.v4, peerAs: OTHER_AS } }),
    aBgpPeer('internal', { conf: { neighborAddress: INTERNAL, peerAs: AS } }),
  ],
  eips: EIPS,
  services: ROUTES.map((address, i) =>
    aService({
      name: `s${i}`,
      ips: [address],
      eip: address.includes(':') ? 'v6' : address.startsWith('203') ? 'w4' : 'v4',
    }),
  ),
  configMaps: [aPolicyMap(policy)],
});

interface Site {
  readonly bird: BirdSite;
  readonly speaker: GoBgp;
  readonly routers: readonly GoBgp[];
  /** Since when BIRD's sessions have been up. */
  readonly since: readonly unknown[];
}

let lan: Lan;
let site: Site;

beforeAll(async () => {
  lan = Lan.make();
  ip('-n', lan.node, 'address', 'add', `${GOBGP.v4}/24`, 'dev', 'eth0');
  ip('-n', lan.node, 'address', 'add', `${GOBGP.v6}/64`, 'dev', 'eth0', 'nodad');
  ip('-n', lan.router, 'address', 'add', `${INTERNAL}/24`, 'dev', 'eth0');
  const nodes = [NODE.v4, GOBGP.v4].map((address) => ({ address, as: AS, passive: true }));
  const router = { where: lan.router, listens: true, neighbors: nodes };
  const routers = [
    await GoBgp.start(lan, { ...router, address: ROUTER.v4, as: OTHER_AS, apiPort: 50_051 }),
    await GoBgp.start(lan, { ...router, address: INTERNAL, as: AS, apiPort: 50_052 }),
  ];
  const speaker = await GoBgp.start(lan, {
    ...{ where: lan.node, address: GOBGP.v4, as: AS, listens: false, apiPort: 50_053 },
    neighbors: [
      { address: ROUTER.v4, as: OTHER_AS },
      { address: INTERNAL, as: AS },
    ],
  });
  const bird = new BirdSite(lan);
  bird.startContainer();
  await bird.applyUntilRunning(cluster(''));
  for (const address of [NODE.v4, GOBGP.v4]) {
    for (const one of routers)
      await until(`a session of ${address}`, () => one.isEstablishedWith(address), { withinMs: 60_000 });
  }
  site = { bird, speaker, routers, since: await since(bird) };
}, 120_000);

afterAll(async () => {
  site?.bird.control.close();
  await lan?.[Symbol.asyncDispose]();
});

async function since(bird: BirdSite): Promise<readonly unknown[]> {
  return [(await bird.established('external')).since, (await bird.established('internal')).since];
}

/** Its own addresses are called the same for both. */
function shown(routes: ReadonlyMap<string, ReceivedRoute>): unknown {
  const own: readonly string[] = [...Object.values(NODE), ...Object.values(GOBGP)];
  return Object.fromEntries(
    [...routes].map(([prefix, route]) => [
      prefix,
      { ...route, nextHop: own.includes(route.nextHop) ? 'the node' : route.nextHop },
    ]),
  );
}

let runs = 0;

/** @param text gets one more policy, which nothing refers to, to tell when GoBGP has read it. */
async function bothSend(text: string): Promise<readonly { readonly gobgp: unknown; readonly bird: unknown }[]> {
  const { bird, speaker, routers } = site;
  runs += 1;
  const policy = `${text}[[policy-definitions]]\n  name = "run ${runs}"\n`;
  speaker.withdrawAll();
  await until('GoBGP without routes', () => routers.every((router) => router.receivedFrom(GOBGP.v4).size === 0));
  const names = [...policy.matchAll(/^\[\[policy-definitions\]\]\n\s*name = "([^"]*)"/gm)].map(
    ([, name]) => name ?? '',
  );
  await speaker.setPolicy(policy, names);
  const applied = await bird.apply(cluster(policy));
  expect(applied?.kind).toMatch(/^(Applied|Unchanged)$/);
  for (const address of ROUTES) {
    speaker.addRoute(`${address}/${address.includes(':') ? 128 : 32}`, address.includes(':') ? GOBGP.v6 : GOBGP.v4);
  }
  let seen: readonly { readonly gobgp: unknown; readonly bird: unknown }[] = [];
  await until(
    'the same from both',
    () => {
      seen = routers.map((router) => ({
        gobgp: shown(router.receivedFrom(GOBGP.v4)),
        bird: shown(router.receivedFrom(NODE.v4)),
      }));
      return seen.every(({ gobgp, bird: ours }) => JSON.stringify(gobgp) === JSON.stringify(ours));
    },
    { withinMs: 4_000, everyMs: 100 },
  ).catch(() => undefined);
  return seen;
}

const random = Array.from(
  { length: RANDOM_POLICIES },
  (_, i) => [`random policy ${i}`, randomPolicy(new Random(String(i)))] as const,
);

it.each([...Object.entries(TABLE), ...random])('%s', async (_, policy) => {
  const [external, internal] = await bothSend(policy);
  expect(external?.bird).toEqual(external?.gobgp);
  expect(internal?.bird).toEqual(internal?.gobgp);
});

it('no policy has reset a session', async () => {
  expect(await since(site.bird)).toEqual(site.since);
});
