/** Fields of a BgpPeer and a BgpConf that only two real ends can show: BIRD on a node, and FRR as the router. Needs root, bird2 and frr. */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/eventually.ts';
import { ip } from '../../support/namespaces.ts';
import { aBgpConf, aBgpPeer, aService } from '../../support/speaker-builders.ts';
import { Frr } from './support/frr.ts';
import { NODE, ROUTER } from './support/lan.ts';
import { withSite } from './support/with-site.ts';

const services = [
  aService({ name: 'v4', ips: ['198.51.100.7'] }),
  aService({ name: 'v6', ips: ['2001:db8:100::7'], eip: 'v6' }),
];

/** The link-local address of `eth0`. */
function linkLocal(where: string): string {
  const words = ip('-n', where, '-6', '-o', 'address', 'show', 'dev', 'eth0', 'scope', 'link');
  return /fe80::[0-9a-f:]+/.exec(words)?.[0] ?? '';
}

async function routed(frr: Frr): Promise<void> {
  await until(
    'the routes',
    () => frr.kernelRoute('198.51.100.7').length > 0 && frr.kernelRoute('2001:db8:100::7').length > 0,
  );
}

it('BFD: a node that loses its power loses its routes within a second, and timers change without a reset', async () => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, { neighbors: ['v4'], bfd: true, each: ['bfd', 'bfd 3 200 200'] });
    const peer = (bfd: object) => [aBgpPeer('router-1', { bfd: { enabled: true, ...bfd } })];
    await site.applyUntilRunning({ bgpPeers: peer({}), services });
    await site.established();
    await routed(frr);
    const isWatched = () => /BFD: .*\n.*\n.*Status: Up/.test(frr.about(NODE.v4));
    await until('BFD', isWatched);
    const before = frr.neighbor('v4');
    await site.apply({ bgpPeers: peer({ transmitIntervalMilliseconds: 150, detectMultiplier: 4 }), services });
    await sleep(1_000);
    await until('BFD as before', isWatched);
    expect(frr.neighbor('v4')).toEqual(before);
    // Stopped, BIRD is as silent as a node without power; its connection stays open.
    lan.signalAll(lan.node, 'SIGSTOP');
    const cutMs = performance.now();
    await until('the routes gone', () => frr.kernelRoute('198.51.100.7').length === 0, {
      withinMs: 10_000,
      everyMs: 10,
    });
    // Six hundred milliseconds by the protocol. The rest is what a busy machine takes for vtysh and ip.
    expect(performance.now() - cutMs).toBeLessThan(2_000);
  });
});

it.each(['SIGTERM', 'SIGKILL'] as const)('BFD: a restart of BIRD by %s withdraws no route', async (signal) => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, { neighbors: ['v4'], bfd: true, each: ['bfd', 'bfd 3 200 200'] });
    await site.applyUntilRunning({ bgpPeers: [aBgpPeer('router-1', { bfd: { enabled: true } })], services });
    await site.established();
    await routed(frr);
    await until('BFD', () => /Status: Up/.test(frr.about(NODE.v4)));
    const monitor = lan.start(lan.router, 'monitor', '/usr/sbin/ip', ['monitor', 'route']);
    if (signal === 'SIGTERM') await site.container.kill('SIGTERM');
    else lan.signalAll(lan.node, 'SIGKILL');
    await until('the router to notice', () => frr.neighbor('v4').state !== 'Established');
    // Longer than BFD takes to see that nobody sends.
    await sleep(2_000);
    site.startContainer();
    await until('the session again', () => frr.neighbor('v4').state === 'Established');
    expect([frr.kernelRoute('198.51.100.7'), /Deleted 198/.test(monitor.tail())]).toEqual([[NODE.v4], false]);
  });
});

it('an unnumbered router has routes of both families by way of the link-local address', async () => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, { onInterface: 'eth0' });
    const conf = { neighborAddress: '', neighborInterface: 'eth0', peerAs: 0, dynamicPeerAs: 'external' as const };
    await site.applyUntilRunning({ bgpPeers: [aBgpPeer('router-1', { conf })], services });
    await routed(frr);
    const address = linkLocal(lan.node);
    expect([frr.kernelRoute('198.51.100.7'), frr.kernelRoute('2001:db8:100::7')]).toEqual([[address], [address]]);
    expect(await site.established()).toMatchObject({
      neighborAddress: `${linkLocal(lan.router)}%eth0`,
      neighborAs: 64513,
      routesSent: 2,
    });
    // No host takes the node for a router.
    expect(ip('-n', lan.router, '-6', 'route', 'show', 'default')).toBe('');
    expect(await site.apply({ bgpPeers: [aBgpPeer('router-1', { conf })], services })).toEqual({ kind: 'Unchanged' });
  });
});

it('a router with a link-local address', async () => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, { onInterface: 'eth0', passive: true });
    const conf = { neighborAddress: linkLocal(lan.router), neighborInterface: 'eth0' };
    // FRR takes a connection from an address that it has heard of.
    const hears = { neighborAddress: '', neighborInterface: 'eth0', peerAs: 0, dynamicPeerAs: 'external' as const };
    const bgpPeers = [aBgpPeer('router-1', { conf }), aBgpPeer('hears', { conf: hears })];
    await site.applyUntilRunning({ bgpPeers, services });
    await routed(frr);
    expect(frr.kernelRoute('198.51.100.7')).toEqual([linkLocal(lan.node)]);
    expect(await site.established()).toMatchObject({ neighborAs: 64513 });
  });
});

it('routers of a prefix connect by themselves, and each is a session', async () => {
  await withSite(async (site, lan) => {
    const conf = { neighborAddress: '', neighborPrefix: '192.0.2.0/28', peerAs: 0, dynamicPeerAs: 'external' as const };
    const password = 'hush';
    const bgpPeers = [aBgpPeer('router-1', { conf: { ...conf, authPassword: password } })];
    await site.applyUntilRunning({ bgpPeers, services });
    expect(await site.session()).toMatchObject({ state: 'Active', neighborAddress: '192.0.2.0/28', neighborAs: 0 });
    const frr = await Frr.start(lan, { neighbors: ['v4'], password });
    await routed(frr);
    expect(await site.established()).toMatchObject({ neighborAddress: ROUTER.v4, neighborAs: 64513, routesSent: 2 });
    // A change of another peer leaves the session alone.
    const before = frr.neighbor('v4');
    await site.apply({ bgpPeers: [...bgpPeers, aBgpPeer('b', { conf: { neighborAddress: '192.0.2.77' } })], services });
    await sleep(500);
    expect(frr.neighbor('v4')).toEqual(before);
  });
});

it('TTL security: a session only where the packets come from near', async () => {
  await withSite(async (site, lan) => {
    const secured = (ttlMin: number) => [aBgpPeer('router-1', { ttlSecurity: { enabled: true, ttlMin } })];
    // FRR sends with 255 where it has the same.
    const frr = await Frr.start(lan, { neighbors: ['v4'], each: ['ttl-security hops 1'] });
    await site.applyUntilRunning({ bgpPeers: secured(0), services });
    await site.established();
    await routed(frr);
  });
  await withSite(async (site, lan) => {
    await Frr.start(lan, { neighbors: ['v4'] });
    await site.applyUntilRunning({ bgpPeers: [aBgpPeer('router-1', { ttlSecurity: { enabled: true } })], services });
    await sleep(4_000);
    expect((await site.session()).state).not.toBe('Established');
  });
});

it('a source address: the router sees the session come from it', async () => {
  await withSite(async (site, lan) => {
    ip('-n', lan.node, 'address', 'add', '192.0.2.12/24', 'dev', 'eth0');
    const frr = await Frr.start(lan, { at: ['192.0.2.12'], passive: true });
    const transport = { localAddress: '192.0.2.12', bindInterface: 'eth0' };
    await site.applyUntilRunning({ bgpPeers: [aBgpPeer('router-1', { transport })], services });
    await site.established();
    await until('the route', () => frr.kernelRoute('198.51.100.7')[0] === '192.0.2.12');
  });
});

it('listenAddresses: BIRD listens on the address of the node alone, where another process has the port of the others', async () => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, { neighbors: ['v4'] });
    const passive = [aBgpPeer('router-1', { transport: { passiveMode: true } })];
    await site.applyUntilRunning({
      bgpConfs: [aBgpConf({ listenAddresses: ['192.0.2.0/24'] })],
      bgpPeers: passive,
      services,
    });
    await site.established();
    await routed(frr);
    const listening = ip('netns', 'exec', lan.node, 'ss', '-Hltn');
    expect(listening).toContain(`${NODE.v4}:179`);
    expect(listening).not.toMatch(/(0\.0\.0\.0|\*|\[::\]):179/);
  });
});

it.each([
  ['as it is', {}, / 60 /],
  ['of another time', { restartTime: 123 }, / 123 /],
])('graceful restart %s is what the router hears', async (_, gracefulRestart, words) => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, { neighbors: ['v4'] });
    await site.applyUntilRunning({ bgpPeers: [aBgpPeer('router-1', { gracefulRestart })], services });
    await site.established();
    const about = frr
      .about(NODE.v4)
      .split('\n')
      .filter((line) => /restart/i.test(line))
      .join('\n');
    expect(about).toMatch(words);
  });
});
