/**
 * How long one route more takes, from the snapshot to the router's kernel, beside few and many others. The figures are printed; asserted is
 * only that they stay in the order of magnitude that docs and design promise.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { until } from '../../support/eventually.ts';
import { aBgpPeer, anEip, aService } from '../../support/speaker-builders.ts';
import { BirdSite } from './support/bird-site.ts';
import { Frr } from './support/frr.ts';
import { Lan } from './support/lan.ts';

const SAMPLES = 11;

const address = (i: number) => `10.100.${i >> 8}.${i & 255}`;
const services = (count: number) =>
  Array.from({ length: count }, (_, i) => aService({ name: `s${i}`, ips: [address(i)] }));

it.each([10, 1_000])('one route beside %i others', async (others) => {
  await using lan = Lan.make();
  const site = new BirdSite(lan);
  site.startContainer();
  const frr = await Frr.start(lan, { neighbors: ['v4'] });
  const cluster = (count: number) => ({
    eips: [anEip('v4', { address: '10.100.0.0/16' })],
    bgpPeers: [aBgpPeer()],
    services: services(count),
  });
  await site.applyUntilRunning(cluster(others));
  await site.established();
  await until('the last route', () => frr.kernelRoute(address(others - 1)).length > 0, { withinMs: 20_000 });

  const monitor = spawn('ip', ['netns', 'exec', lan.router, 'stdbuf', '-oL', 'ip', 'monitor', 'route']);
  const lines = createInterface({ input: monitor.stdout });
  lines.setMaxListeners(0);
  const took: { readonly toBird: number; readonly toKernel: number }[] = [];
  for (let i = others; i < others + SAMPLES; i++) {
    const arrived = new Promise<number>((resolve) => {
      lines.on('line', (line) => line.startsWith(`${address(i)} `) && resolve(performance.now()));
    });
    const start = performance.now();
    expect(await site.apply(cluster(i + 1))).toMatchObject({ kind: 'Applied' });
    const applied = performance.now();
    took.push({ toBird: applied - start, toKernel: (await arrived) - start });
  }
  monitor.kill();
  site.control.close();
  const median = (pick: (one: (typeof took)[number]) => number) => took.map(pick).sort((a, b) => a - b)[SAMPLES >> 1]!;
  const [toBird, toKernel] = [median((one) => one.toBird), median((one) => one.toKernel)];
  process.stdout.write(
    `one route beside ${others}: BIRD runs it after ${toBird.toFixed(1)} ms, in the router's kernel after ${toKernel.toFixed(1)} ms (median of ${SAMPLES})\n`,
  );
  expect(toKernel).toBeLessThan(1_000);
});
