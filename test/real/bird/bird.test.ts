/**
 * The real BIRD and a real router (FRR), each in a network namespace: what the goldens can't show. Needs root, bird2 and frr.
 * SKYCAP_TEST_BIRD names another BIRD.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BirdDaemon } from '../../../speaker/bird/apply.ts';
import { peerSymbol } from '../../../speaker/bird/config/model.ts';
import { birdBinary } from '../../support/bird-binary.ts';
import { until } from '../../support/eventually.ts';
import { ip } from '../../support/namespaces.ts';
import { aBgpConf, aBgpPeer, anEip, aService, type ClusterOptions } from '../../support/speaker-builders.ts';
import type { BirdSite } from './support/bird-site.ts';
import { Frr } from './support/frr.ts';
import { type Lan, NODE, ROUTER } from './support/lan.ts';
import { withSite } from './support/with-site.ts';

const v4 = (host: number) => aService({ name: `v4-${host}`, ips: [`198.51.100.${host}`] });
const v6 = (host: number) => aService({ name: `v6-${host}`, ips: [`2001:db8:100::${host}`], eip: 'v6' });
const overV4 = aBgpPeer('router-1');
const overV6 = aBgpPeer('router-1', { conf: { neighborAddress: ROUTER.v6 } });

describe.each([
  ['IPv4', overV4, 'v4'],
  ['IPv6', overV6, 'v6'],
] as const)('a session over %s', (_, peer, which) => {
  it('brings routes of both families, with this node as next hop, and nothing of the node', async () => {
    await withSite(async (site, lan) => {
      const frr = await Frr.start(lan, { neighbors: [which] });
      ip('-n', lan.node, 'route', 'add', '203.0.113.0/24', 'via', ROUTER.v4);
      await site.applyUntilRunning({ bgpPeers: [peer], services: [v4(7), v6(7)] });
      await site.established();
      await until(
        'the routes',
        () => frr.kernelRoute('198.51.100.7').length > 0 && frr.kernelRoute('2001:db8:100::7').length > 0,
      );
      expect(frr.route('198.51.100.7/32')).toEqual({ nextHops: [NODE.v4], asPath: '64512' });
      expect(frr.route('2001:db8:100::7/128')).toMatchObject({
        nextHops: expect.arrayContaining([NODE.v6]),
        asPath: '64512',
      });
      expect(frr.kernelRoute('198.51.100.7')).toEqual([NODE.v4]);
      expect(frr.route('203.0.113.0/24')).toBeUndefined();
      // BIRD leaves the node's own routes alone.
      expect(ip('-n', lan.node, 'route', 'show', 'table', 'all')).not.toMatch(/198\.51\.100|proto bird/);
    });
  });
});

it('takes no route from the router', async () => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, { neighbors: ['v4'] });
    frr.configure('no bgp network import-check', 'address-family ipv4 unicast', 'network 203.0.113.0/24');
    await site.applyUntilRunning({ bgpPeers: [overV4], services: [v4(1)] });
    await site.established();
    await until('the route to be sent', () => frr.sends(NODE.v4).includes('203.0.113.0/24'));
    await until('the route of the node', () => frr.route('198.51.100.1/32') !== undefined);
    expect(ip('-n', lan.node, 'route', 'show', 'table', 'all')).not.toMatch(/203\.0\.113/);
    expect(ip('-n', lan.node, '-6', 'route', 'show', 'table', 'all')).not.toMatch(/proto bird/);
  });
});

it('routes come and go without touching the session', async () => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, { neighbors: ['v4'] });
    await site.applyUntilRunning({ bgpPeers: [overV4], services: [v4(1)] });
    const { since } = await site.established();
    const before = frr.neighbor('v4');
    await until('the first route', () => frr.route('198.51.100.1/32') !== undefined);
    expect(await site.apply({ bgpPeers: [overV4], services: [v4(1), v4(2), v6(3)] })).toMatchObject({
      kind: 'Applied',
    });
    await until(
      'the second',
      () => frr.route('198.51.100.2/32') !== undefined && frr.route('2001:db8:100::3/128') !== undefined,
    );
    await site.apply({ bgpPeers: [overV4], services: [v4(2)] });
    await until('the first gone', () => frr.route('198.51.100.1/32') === undefined);
    expect(frr.route('198.51.100.2/32')).toBeDefined();
    expect(await site.session()).toMatchObject({ state: 'Established', since, routesSent: 1 });
    expect(frr.neighbor('v4')).toEqual(before);
  });
});

it('what is free to change keeps the session; a change of one session touches no other', async () => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan);
    const peers = (conf: object) => [aBgpPeer('a', { conf }), aBgpPeer('b', { conf: { neighborAddress: ROUTER.v6 } })];
    await site.applyUntilRunning({ bgpPeers: peers({}), services: [v4(1)] });
    await Promise.all([site.established('a'), site.established('b')]);
    // Where both sides connect at once, one connection is dropped (RFC 4271 §6.8), and FRR may count that.
    const [a, b] = [frr.neighbor('v4'), frr.neighbor('v6')];
    await site.apply({
      bgpPeers: [
        ...peers({ description: 'the "left" one' }),
        aBgpPeer('c', { conf: { neighborAddress: '192.0.2.77' } }),
      ],
      services: [v4(1)],
    });
    expect(frr.neighbor('v4')).toEqual(a);
    await site.apply({ bgpPeers: peers({ adminDown: true }), services: [v4(1)] });
    await until('the session down', () => frr.neighbor('v4').state !== 'Established');
    expect(await site.session('a')).toMatchObject({ state: 'Idle', disabled: true });
    await site.apply({ bgpPeers: peers({}), services: [v4(1)] });
    await site.established('a');
    expect(frr.neighbor('v6')).toEqual(b);
  });
});

it.each([
  ['v4', overV4],
  ['v6', overV6],
] as const)('a password holds for a session over %s, and a wrong one shows', async (which, peer) => {
  await withSite(async (site, lan) => {
    const password = 'pa{ss};#w0rd';
    await Frr.start(lan, { neighbors: [which], password });
    const withPassword = (authPassword: string) => [
      aBgpPeer('router-1', { conf: { ...peer.spec?.conf, authPassword } }),
    ];
    await site.applyUntilRunning({ bgpPeers: withPassword(password) });
    await site.established();
    await site.apply({ bgpPeers: withPassword('wrong') });
    await until('the session down', async () => (await site.session()).state !== 'Established');
    // Nothing answers then, and so BIRD has no error to tell.
    await until('the password in question', async () => {
      const { lastError = '' } = await site.session();
      return lastError.includes('spec.conf.authPassword');
    });
  });
});

it('speaks as any AS number, on any port, with any timers', async () => {
  await withSite(async (site, lan) => {
    const as = 4_294_967_294;
    await Frr.start(lan, { neighbors: ['v4'], as, nodeAs: 4_200_000_001, passive: true });
    const spec = {
      conf: { peerAs: as, localAs: 4_200_000_001 },
      timers: { config: { holdTime: '9', keepaliveInterval: '2' } },
    };
    await site.applyUntilRunning({
      bgpConfs: [aBgpConf({ listenPort: 17900 })],
      bgpPeers: [aBgpPeer('router-1', spec)],
    });
    expect(await site.established()).toMatchObject({
      localAs: 4_200_000_001,
      holdTimeSeconds: 9,
      keepaliveSeconds: 2,
      neighborRouterId: ROUTER.v4,
    });
  });
});

it('a restart of the speaker sends nothing and touches nothing', async () => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, { neighbors: ['v4'] });
    const cluster: ClusterOptions = { bgpPeers: [overV4], services: [v4(1)] };
    await site.applyUntilRunning(cluster);
    const { since } = await site.established();
    const before = frr.neighbor('v4');
    const written = statSync(join(site.runDir, 'bird.conf')).mtimeMs;
    site.restartLoop();
    expect(await site.apply(cluster)).toEqual({ kind: 'Unchanged' });
    expect(statSync(join(site.runDir, 'bird.conf')).mtimeMs).toBe(written);
    expect((await site.session()).since).toBe(since);
    expect(frr.neighbor('v4')).toEqual(before);
  });
});

it('a crash between rename and configure is made good by the next turn', async () => {
  await withSite(async (site) => {
    await site.applyUntilRunning({ services: [v4(1)] });
    const before = site.configOnDisk();
    await site.apply({ services: [v4(1), v4(2)] });
    const after = site.configOnDisk();
    // BIRD runs the old one, the file is the new one, and a new process finds it so.
    writeFileSync(join(site.runDir, 'bird.conf'), before);
    await site.control.command('configure');
    writeFileSync(join(site.runDir, 'bird.conf'), after);
    site.restartLoop();
    expect(await site.apply({ services: [v4(1), v4(2)] })).toMatchObject({ kind: 'Applied' });
  });
});

it('what people can spell is parsed ahead of BIRD; a change of routes alone is not', async () => {
  await withSite(async (site, lan) => {
    const [checker, log] = [join(lan.dir, 'bird-counted'), join(lan.dir, 'checks')];
    writeFileSync(checker, `#!/bin/sh\necho "$@" >> ${log}\nexec ${birdBinary()} "$@"\n`, { mode: 0o755 });
    const checks = () => readFileSync(log, 'utf8').match(/-p/g)?.length;
    site.restartLoop(checker);
    await site.applyUntilRunning({ bgpPeers: [overV4], services: [v4(1)] });
    const first = checks();
    expect(await site.apply({ bgpPeers: [overV4], services: [v4(1), v4(2)] })).toMatchObject({ kind: 'Applied' });
    expect(checks()).toBe(first);
    expect((await site.protocols()).size).toBeGreaterThan(0);
    const described = aBgpPeer('router-1', { conf: { description: 'the left one' } });
    expect(await site.apply({ bgpPeers: [described], services: [v4(1), v4(2)] })).toMatchObject({ kind: 'Applied' });
    expect(checks()).toBe((first ?? 0) + 1);
  });
});

it('a configuration that BIRD refuses leaves the old one running, and is not tried again', async () => {
  await withSite(async (site, lan) => {
    const frr = await Frr.start(lan, { neighbors: ['v4'] });
    await site.applyUntilRunning({ bgpPeers: [overV4], services: [v4(1)] });
    const { since } = await site.established();
    await until('the route', () => frr.kernelRoute('198.51.100.1').length === 1);
    const before = site.configOnDisk();
    // Nothing that we know of gets past the parsers; this stands for what we don't know of.
    const daemon = new BirdDaemon({ control: site.control, binary: birdBinary(), runDir: site.runDir });
    const signal = new AbortController().signal;
    const bad = { text: `${before}\nprotocol nonsense {\n`, fingerprint: 'bad', frame: 'bad' };
    const running = await daemon.running(signal);
    const refused = await daemon.apply(bad, running, signal);
    expect(refused).toEqual({
      kind: 'BirdRefused',
      message: expect.stringMatching(/bird\.conf\.staged:\d+:\d+ syntax error/),
    });
    expect(await daemon.apply(bad, running, signal)).toEqual(refused);
    expect(site.configOnDisk()).toBe(before);
    expect(readFileSync(join(site.runDir, 'bird.conf.refused'), 'utf8')).toBe(bad.text);
    expect((await site.session()).since).toBe(since);
    expect(frr.kernelRoute('198.51.100.1')).toEqual([NODE.v4]);
  });
});

describe('when BIRD goes and comes', () => {
  async function routed(site: BirdSite, lan: Lan): Promise<{ frr: Frr; gone: () => boolean }> {
    const frr = await Frr.start(lan, { neighbors: ['v4'] });
    await site.applyUntilRunning({ bgpPeers: [overV4], services: [v4(1)] });
    await site.established();
    await until('the route', () => frr.kernelRoute('198.51.100.1').length === 1);
    const monitor = lan.start(lan.router, 'monitor', '/usr/sbin/ip', ['monitor', 'route']);
    return { frr, gone: () => /Deleted 198\.51\.100\.1/.test(monitor.tail()) };
  }

  it('a stop of its container is a graceful restart: no route leaves the router', async () => {
    await withSite(async (site, lan) => {
      const { frr, gone } = await routed(site, lan);
      const stopped = site.container.kill('SIGTERM');
      await stopped;
      expect(site.container.exited).toBe('exited with code 0');
      await until('the router to notice', () => frr.neighbor('v4').state !== 'Established');
      expect(frr.kernelRoute('198.51.100.1')).toEqual([NODE.v4]);
      site.startContainer();
      await until('the session again', () => frr.neighbor('v4').state === 'Established');
      expect(await site.apply({ bgpPeers: [overV4], services: [v4(1)] })).toEqual({ kind: 'Unchanged' });
      expect([frr.kernelRoute('198.51.100.1'), gone()]).toEqual([[NODE.v4], false]);
    });
  });

  it('a BIRD that is killed comes back with the same configuration: no route leaves the router', async () => {
    await withSite(async (site, lan) => {
      const { frr, gone } = await routed(site, lan);
      lan.signalAll(lan.node, 'SIGKILL');
      await until('the router to notice', () => frr.neighbor('v4').state !== 'Established');
      site.startContainer();
      await until('the session again', () => frr.neighbor('v4').state === 'Established');
      expect([frr.kernelRoute('198.51.100.1'), gone()]).toEqual([[NODE.v4], false]);
    });
  });

  it('a node that dies loses its routes by the hold time, graceful restart or not', async () => {
    await withSite(async (site, lan) => {
      const frr = await Frr.start(lan, { neighbors: ['v4'] });
      const peer = aBgpPeer('router-1', { timers: { config: { holdTime: '3' } } });
      await site.applyUntilRunning({ bgpPeers: [peer], services: [v4(1)] });
      await until('the route', () => frr.kernelRoute('198.51.100.1').length === 1);
      // Stopped, BIRD is as silent as a node without power; its connection stays open.
      lan.signalAll(lan.node, 'SIGSTOP');
      await until('the route gone', () => frr.kernelRoute('198.51.100.1').length === 0, { withinMs: 8_000 });
    });
  });

  it('a router that restarts has its session and routes back within seconds', async () => {
    await withSite(async (site, lan) => {
      const { frr } = await routed(site, lan);
      await frr.stopBgpd();
      await until('the session down', async () => (await site.session()).state !== 'Established');
      await frr.startBgpd();
      await until('the route again', () => frr.route('198.51.100.1/32') !== undefined, { withinMs: 5_000 });
    });
  });
});

it('says what is wrong with a session that does not come up', async () => {
  await withSite(async (site) => {
    const peers = [aBgpPeer('closed'), aBgpPeer('far', { conf: { neighborAddress: '203.0.113.9' } })];
    await site.applyUntilRunning({ bgpPeers: peers, services: [v4(1)], eips: [anEip('v4')] });
    await until('the errors', async () => (await site.session('closed')).lastError !== undefined);
    expect((await site.session('closed')).lastError).toMatch(/^Socket: Connection refused: nothing listens at /);
    expect((await site.session('far')).lastError).toMatch(/on no network of this node/);
    expect([...(await site.protocols()).keys()]).toContain(peerSymbol('far'));
  });
});
