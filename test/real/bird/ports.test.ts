/**
 * Ports of BGP and BFD that another process of the node has, a second BIRD for example: the Speaker says so with the remedy, and BIRD uses the port once it is free. Needs
 * root, bird2 and frr.
 */
import { parse } from 'yaml';
import type { BgpConfObject, BgpPeerObject } from '../../../lib/api/bgp/bgp-types.ts';
import { sectionOf } from '../../support/docs/page.ts';
import { until } from '../../support/eventually.ts';
import { ip } from '../../support/namespaces.ts';
import { aBgpConf, aBgpPeer, aService } from '../../support/speaker-builders.ts';
import { BirdRouter } from './support/bird-router.ts';
import type { BirdSite } from './support/bird-site.ts';
import { Frr } from './support/frr.ts';
import { type Lan, NODE, ROUTER } from './support/lan.ts';
import { NodeReport } from './support/node-report.ts';
import { withSite } from './support/with-site.ts';

const services = [aService({ name: 'v4', ips: ['198.51.100.7'] })];
const plain = [aBgpPeer('router-1')];
const withBfd = [aBgpPeer('router-1', { bfd: { enabled: true } })];
const ROUTER_WITH_BFD = { neighbors: ['v4'], bfd: true, each: ['bfd', 'bfd 3 200 200'] } as const;
/** Without SO_REUSEADDR, unlike BIRD. */
const ALONE_ON_3784 = "require('node:dgram').createSocket('udp4').bind(3784)";

const secondBird = (lan: Lan, config: readonly string[]) =>
  BirdRouter.start(lan, { where: lan.node, address: NODE.v4, config });
const LISTENS_ON_179 = [
  'protocol bgp second {',
  '  local as 65000;',
  '  neighbor 192.0.2.99 as 65001;',
  '  passive;',
  '  ipv4 { import all; export none; };',
  '}',
];

/** The BgpConf and the BgpPeer that docs/bgp.md shows for a node with a BGP daemon of its own. */
function objectsOfThePage() {
  const { blocks } = sectionOf('docs/bgp.md', 'Beside another BGP daemon');
  const [conf, peer] = blocks.filter(({ language }) => language === 'yaml').map(({ text }) => parse(text));
  return { bgpConfs: [conf as BgpConfObject], bgpPeers: [peer as BgpPeerObject] };
}

async function hasRoute(frr: Frr): Promise<void> {
  await until('the route', () => frr.kernelRoute('198.51.100.7')[0] === NODE.v4);
}

async function established(site: BirdSite, frr: Frr): Promise<void> {
  await site.established();
  await hasRoute(frr);
}

const isWatched = (frr: Frr) => () => /BFD: .*\n.*\n.*Status: Up/.test(frr.about(NODE.v4));
const failing = async (report: NodeReport, reason: string, type: string) =>
  until(`${reason} of ${type}`, async () => (await report.summary(type)) === `False ${reason}`);

it('another BIRD has port 179: the Speaker says so, other ports work, and 179 is used once it is free', async () => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, { neighbors: ['v4'], passive: true });
    const other = await secondBird(lan, LISTENS_ON_179);
    const report = new NodeReport(site, lan);
    for (const [listenPort, port] of [
      [-1, 61_790],
      [17_900, 17_900],
    ] as const) {
      await site.applyUntilRunning({ bgpConfs: [aBgpConf({ listenPort })], bgpPeers: plain, services });
      await established(site, frr);
      expect(ip('netns', 'exec', lan.node, 'ss', '-Hltn')).toMatch(new RegExp(`:${port}\\b`));
      expect(await report.summary('Ready')).toBe('True Ready');
    }
    await site.applyUntilRunning({ bgpPeers: plain, services });
    await failing(report, 'PortInUse', 'SessionsEstablished');
    expect((await report.condition('Ready'))?.message).toMatch(/port 179 of the node is taken by .*spec\.listenPort/);
    expect(report.events[0]).toMatch(/^router-1: port 179 of the node is taken/);
    // BIRD is left alone as long as the port is taken.
    const tries = () => site.container.tail().match(/Cannot open listening socket/g)?.length;
    const before = tries();
    for (let i = 0; i < 3; i++) await report.condition('Ready');
    expect(tries()).toBe(before);
    await other.daemon.kill();
    await until(
      'the session',
      async () => (await report.summary('SessionsEstablished')) === 'True SessionsEstablished',
    );
    await hasRoute(frr);
  });
});

it('another BIRD has the port of BFD too: the Speaker says so, the route comes back without BFD, and BFD comes back once the port is free', async () => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, ROUTER_WITH_BFD);
    const report = new NodeReport(site, lan);
    await site.applyUntilRunning({ bgpPeers: withBfd, services });
    await established(site, frr);
    await until('BFD', isWatched(frr));
    expect(await report.summary('BfdPorts')).toBe('True Ready');
    const other = await secondBird(lan, ['protocol bfd second {}']);
    await failing(report, 'BfdPortInUse', 'BfdPorts');
    const message = (await report.condition('BfdPorts'))?.message;
    expect(message).toMatch(/^UDP port 3784 of the node, for BFD, is open in another process as well.*ss -lunp/);
    expect(report.events).toContain(`router-1: ${message}`);
    await until('BFD down', () => !isWatched(frr)());
    await established(site, frr);
    await other.daemon.kill();
    await until('the port', async () => (await report.summary('BfdPorts')) === 'True Ready');
    await until('BFD again', isWatched(frr));
    await established(site, frr);
  });
});

it('a process that shares the port of BFD with nobody: BIRD opens the port once it is free', async () => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, ROUTER_WITH_BFD);
    const other = lan.start(lan.node, 'other', process.execPath, ['-e', ALONE_ON_3784]);
    await until('the other process', () => ip('netns', 'exec', lan.node, 'ss', '-Hlun').includes(':3784'));
    const report = new NodeReport(site, lan);
    await site.applyUntilRunning({ bgpPeers: withBfd, services });
    await established(site, frr);
    await failing(report, 'BfdPortInUse', 'BfdPorts');
    expect((await report.condition('BfdPorts'))?.message).toMatch(/^UDP port 3784 .* is taken by /);
    expect(isWatched(frr)()).toBe(false);
    const { since } = await site.session();
    await other.kill();
    await until('the port', async () => (await report.summary('BfdPorts')) === 'True Ready');
    await until('BFD', isWatched(frr));
    expect(await site.session()).toMatchObject({ state: 'Established', since });
    expect((await report.metrics.portInUse.get()).values.map(({ value }) => value)).toEqual([0, 0]);
    // Without BFD, the condition is absent.
    await site.applyUntilRunning({ bgpPeers: plain, services });
    expect(await report.condition('BfdPorts')).toBeUndefined();
  });
});

it("the node's own BGP daemon at 127.0.0.1 has port 179 and the session with the router: it announces the routes of Skycap", async () => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, { neighbors: ['v4'], nodeAs: 64500 });
    const daemon = await secondBird(lan, [
      'protocol bgp skycap {',
      '  local as 64500;',
      '  neighbor 127.0.0.1 external;',
      '  multihop;',
      '  passive;',
      '  ipv4 { import all; export none; };',
      '  ipv6 { import all; export none; };',
      '}',
      'protocol bgp uplink {',
      '  local as 64500;',
      `  neighbor ${ROUTER.v4} as 64513;`,
      '  ipv4 { import none; export all; };',
      `  ipv6 { import none; export all; next hop address ${NODE.v6}; };`,
      '}',
    ]);
    const both = [...services, aService({ name: 'v6', ips: ['2001:db8:100::7'], eip: 'v6' })];
    const { bgpConfs, bgpPeers } = objectsOfThePage();
    await site.applyUntilRunning({ bgpConfs, bgpPeers, services: both });
    await site.established('own-daemon');
    await hasRoute(frr);
    await until('the route of IPv6', () => frr.route('2001:db8:100::7/128')?.asPath === '64500 64512');
    expect(frr.route('198.51.100.7/32')).toEqual({ nextHops: [NODE.v4], asPath: '64500 64512' });
    // FRR may prefer the daemon's link-local address, which the daemon sends as well.
    expect(frr.route('2001:db8:100::7/128')?.nextHops).toContain(NODE.v6);
    expect(await new NodeReport(site, lan).summary('Ready')).toBe('True Ready');
    await site.applyUntilRunning({ bgpConfs, bgpPeers, services: [] });
    await until('the withdrawal', () => frr.kernelRoute('198.51.100.7').length === 0);
    expect(daemon.daemon.exited).toBeUndefined();
  });
});
