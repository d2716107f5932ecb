/** Two replicas at a real API server: takeover without any address changing; and how fast one is, with how many requests. */
import { LEADER_TIMING } from '../../../lib/kube/election/leader-step.ts';
import { SERVICES } from '../../../lib/kube/resource.ts';
import { startAllocator } from '../../support/allocator-daemon.ts';
import { AllocatorLab, eventually, publishedBy, type Replica } from './harness.ts';
import { measureLatency } from './latency.ts';

let lab: AllocatorLab;

beforeAll(async () => {
  lab = await AllocatorLab.start();
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

async function allPublished(namespace: string): Promise<Map<string, string>> {
  const { items } = await lab.admin.list(SERVICES, { namespace });
  return new Map(items.map((service) => [service.metadata.name ?? '', publishedBy(service)]));
}

async function leads(replica: Replica, withinMs: number): Promise<void> {
  await eventually(async () => expect(await replica.isLeading()).toBe(true), withinMs);
}

test('a leader that stops, and one that vanishes, are followed without any address changing', async () => {
  await lab.pool('handover', '198.51.100.0/26');
  const first = await lab.replica('allocator-0');
  const second = await lab.replica('allocator-1');
  for (let i = 0; i < 20; i++) await lab.create(`handover/web-${i}`);
  await eventually(async () => expect([...(await allPublished('handover')).values()]).not.toContain(''));
  const before = await allPublished('handover');
  expect(new Set(before.values()).size).toBe(20);
  expect(await second.isLeading()).toBe(false);
  await first.idle();
  expect(await second.writes()).toEqual({});

  await lab.stop(first);
  // Sooner than the Lease of one that vanished would end, after four seconds.
  await leads(second, 3_500);
  await second.idle();
  expect(await second.writes()).toEqual({});
  const third = await lab.replica('allocator-2');
  await lab.vanish(second);
  await lab.create('handover/while-nobody-leads');
  await leads(third, 8_000);
  await lab.published('handover/while-nobody-leads', '198.51.100.20');
  const after = await allPublished('handover');
  for (const [name, address] of before) expect(`${name} ${after.get(name)}`).toBe(`${name} ${address}`);
  await lab.stop(third);
}, 20_000);

test('as a process: ready, leads, and stops in order when it is told to', async () => {
  const { daemon: first, health } = await startAllocator({
    plane: lab.plane,
    name: 'process-0',
    folder: lab.plane.dir,
    env: { NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  });
  try {
    await eventually(async () => {
      const ready = await fetch(`http://${health}/readyz`);
      expect([ready.status, await ready.text()]).toEqual([200, expect.stringContaining('[+] caches ok')]);
    }, 20_000);
    await lab.pool('process', '198.51.100.64/30');
    await lab.create('process/web');
    await lab.published('process/web', '198.51.100.64');
    const metrics = await (await fetch(`http://${health}/metrics`)).text();
    expect(metrics).toMatch(/skycap_leader\{component="allocator"\} 1/);
    await first.kill('SIGTERM');
    expect(first.exited).toBe('exited with code 0');
  } finally {
    await first.kill();
  }
});

test('300 Services created at once all get an address, each another; the figures', async () => {
  const replica = await lab.replica('allocator-3', LEADER_TIMING);
  await lab.pool('many', '10.0.0.0/16');
  const startedMs = performance.now();
  const names = Array.from({ length: 300 }, (_, i) => `web-${i}`);
  const creating = Array.from({ length: 16 }, async () => {
    for (let name = names.shift(); name; name = names.shift()) await lab.create(`many/${name}`);
  });
  await Promise.all(creating);
  const createdMs = performance.now() - startedMs;
  await eventually(async () => {
    const published = await allPublished('many');
    expect([...published.values()].filter((address) => address === '')).toEqual([]);
    expect(new Set(published.values()).size).toBe(300);
  }, 15_000);
  const publishedMs = performance.now() - startedMs;
  await replica.idle();
  const writes = await replica.writes();
  console.info(
    `300 Services: created in ${Math.round(createdMs)} ms, all published after ${Math.round(publishedMs)} ms; ${JSON.stringify(writes)}`,
  );
  expect(writes['create eipclaims 201']).toBe(300);
  expect(writes['patch services 200']).toBe(300);
  expect(writes['patch eips 200']).toBeLessThan(30);
}, 40_000);

test('create → status on an idle control plane; the figures', async () => {
  await lab.namespace('speed');
  await lab.eip('speed', '10.1.0.0/16', { namespaces: ['speed'] });
  const latency = await measureLatency(lab.admin, 'speed', 60);
  console.info('create → status, no webhook:', latency);
  expect(latency.statusP50Ms).toBeLessThan(200);
}, 40_000);
