/** The Reflector against a real API server, with the network and the API server failing in every way that client-node's informer does not survive. */
import { createServer } from 'node:tls';
import { Registry } from 'prom-client';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import { Reflector } from '../../../lib/kube/cache/reflector.ts';
import type { Resource } from '../../../lib/kube/resource.ts';
import { EXPIRED, type FaultRule, type SeenRequest } from '../../support/api-proxy.ts';
import { until } from '../../support/eventually.ts';
import { freePorts } from '../../support/free-port.ts';
import { logSink } from '../../support/log-sink.ts';
import { TestCa } from '../../support/pki.ts';
import { CONFIG_MAPS, type ConfigMap, NAMESPACE, ReflectorLab } from './reflector-lab.ts';

let lab: ReflectorLab;
beforeAll(async () => {
  lab = await ReflectorLab.start();
}, 60_000);
afterEach(() => lab?.close());
afterAll(() => lab?.[Symbol.asyncDispose]());

function isList({ method, isWatch }: SeenRequest): boolean {
  return method === 'GET' && !isWatch;
}

/** Waits until the watch is open, so that a fault hits it and not the list. */
async function settled(t: Awaited<ReturnType<ReflectorLab['following']>>): Promise<void> {
  await t.reflector.waitForSync(AbortSignal.timeout(10_000));
  await t.make('first');
  await t.sees('first', '1');
}

it.each<[string, FaultRule]>([
  ['by watch', () => undefined],
  ['by list', (r) => (r.isWatch ? { status: 410, body: EXPIRED } : undefined)],
])('tells nothing of a difference that nobody would act on, %s', async (_, rule) => {
  const isSame = (a: ConfigMap, b: ConfigMap) => a.data?.v?.length === b.data?.v?.length;
  const proxy = await lab.apiProxy();
  const t = await lab.following(proxy.url, { isSame });
  proxy.rule = rule;
  await settled(t);
  await t.set('first', '2');
  await t.set('first', 'long');
  await t.sees('first', 'long');
  await t.set('first', 'LONG');
  await t.make('second');
  await t.sees('second', '1');
  expect(t.changes).toEqual(
    ['first 1', 'first long', 'second 1'].map((one, i) => `${i === 1 ? 'modified' : 'added'} ${t.label}-${one}`),
  );
});

it('lists in pages and follows additions, changes and deletions', async () => {
  const label = lab.nextLabel;
  for (let i = 0; i < 7; i++) {
    await lab.admin.create(CONFIG_MAPS, {
      metadata: { name: `${label}-${i}`, namespace: NAMESPACE, labels: { test: label } },
    });
  }
  const t = await lab.following(lab.plane.url, { pageSize: 3 });
  await t.reflector.waitForSync(AbortSignal.timeout(10_000));
  expect(t.reflector.size).toBe(7);
  expect([...t.reflector.values()][0]).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
  expect([...t.reflector.values()].some((o) => JSON.stringify(o).includes('managedFields'))).toBe(false);
  await t.make('x');
  await t.sees('x', '1');
  await t.set('x', '2');
  await t.sees('x', '2');
  await t.remove('x');
  await until('x gone', () => t.reflector.size === 7);
  expect(t.changes.slice(7)).toEqual([`added ${t.label}-x 1`, `modified ${t.label}-x 2`, `deleted ${t.label}-x 2`]);
});

it('lists again after etcd has compacted what it missed, and tells a new object of the same name from the old one', async () => {
  const proxy = await lab.tcpProxy();
  const registry = new Registry();
  const t = await lab.following(proxy.url, { registry });
  await settled(t);
  await t.make('gone');
  await t.sees('gone', '1');
  await proxy.refuse();
  proxy.reset();
  await t.remove('first');
  await t.make('first', 'new');
  await t.remove('gone');
  await lab.plane.compact();
  // Its watch cache would still know the history that etcd has thrown away.
  await lab.plane.stopApiServer();
  await lab.plane.startApiServer();
  await proxy.accept();
  await t.sees('first', 'new');
  expect(await registry.metrics()).toContain('skycap_reflector_lists_total{reflector="configmaps"} 2');
  expect(t.changes.slice(2)).toEqual([
    `deleted ${t.label}-first 1`,
    `deleted ${t.label}-gone 1`,
    `added ${t.label}-first new`,
  ]);
});

describe('recovers within two seconds', () => {
  it('from a half-open connection that says nothing and never ends', async () => {
    const proxy = await lab.tcpProxy();
    const t = await lab.following(proxy.url);
    await settled(t);
    proxy.freeze();
    await until('the dead connection is noticed', () => t.lines.some((l) => l.level === 'warn'));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect([t.reflector.size, t.reflector.synced]).toEqual([1, true]);
    proxy.thaw();
    await t.set('first', '2');
    await t.sees('first', '2', 2_000);
  });

  it('from connections that are reset again and again', async () => {
    const proxy = await lab.tcpProxy();
    const t = await lab.following(proxy.url);
    await settled(t);
    for (let i = 2; i < 6; i++) {
      proxy.reset();
      await t.set('first', String(i));
      await t.sees('first', String(i), 2_000);
    }
  });

  it('from a server that is not there for a while, with its cache kept', async () => {
    const proxy = await lab.tcpProxy();
    const t = await lab.following(proxy.url);
    await settled(t);
    await proxy.refuse();
    proxy.reset();
    await until('the loss is noticed', () => t.reflector.failure !== undefined);
    expect([t.reflector.size, t.reflector.synced]).toEqual([1, true]);
    expect(t.changes).toHaveLength(1);
    await t.set('first', '2');
    await proxy.accept();
    await t.sees('first', '2', 2_000);
    expect(t.lines.filter((l) => l.level === 'warn')).toHaveLength(1);
  });

  it('from a TLS certificate that it does not trust', async () => {
    const [port] = await freePorts(1);
    const stranger = await (await TestCa.create('a-stranger')).issue({ commonName: 'x', ipAddresses: ['127.0.0.1'] });
    const server = createServer({ ...stranger, ALPNProtocols: ['h2'] }, () => {}).on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    lab.open.defer(() => void server.close());
    const t = await lab.following(`https://127.0.0.1:${port}`);
    await until('the error is noticed', () => t.reflector.failure !== undefined);
    expect(t.reflector.failure).toMatch(/Cannot list configmaps: .*certificate/);
    server.close();
    await lab.tcpProxy(port);
    await t.make('first');
    await t.sees('first', '1', 2_000);
  });

  const statuses: readonly {
    readonly name: string;
    readonly status: number;
    readonly headers?: Record<string, string>;
  }[] = [
    { name: '500', status: 500 },
    { name: '429 with Retry-After', status: 429, headers: { 'retry-after': '1' } },
  ];
  it.each(statuses)('from answers of $name to every list and watch', async ({ status, headers }) => {
    const proxy = await lab.apiProxy();
    const t = await lab.following(proxy.url, { watchSeconds: { min: 1, max: 1 } });
    await settled(t);
    proxy.rule = () => ({ status, ...(headers && { headers }) });
    await until('the answers are noticed', () => t.reflector.failure !== undefined);
    proxy.seen.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    // Never a hot loop: one reflector, about one try a second.
    expect(proxy.seen.length).toBeLessThan(10);
    expect(t.reflector.size).toBe(1);
    proxy.rule = () => undefined;
    await t.set('first', '2');
    await t.sees('first', '2', 2_000);
  });
});

it('keeps its cache while the API server is stopped, and follows it again when it goes on', async () => {
  const t = await lab.following(lab.plane.url);
  await settled(t);
  lab.plane.pause('kube-apiserver');
  try {
    await until('it is noticed', () => t.reflector.failure !== undefined);
    await until('silence', () => t.reflector.silentForMs() > 2_500);
    expect([t.reflector.size, t.changes.length]).toEqual([1, 1]);
  } finally {
    lab.plane.resume('kube-apiserver');
  }
  await t.set('first', '2');
  await t.sees('first', '2', 5_000);
  await until('all well', () => t.reflector.failure === undefined);
  expect(t.lines.filter((l) => l.level === 'warn')).toHaveLength(1);
});

it('logs once what goes wrong in turns', async () => {
  const proxy = await lab.apiProxy();
  const t = await lab.following(proxy.url);
  await settled(t);
  let answers = 0;
  proxy.rule = () => ({ status: answers++ % 2 === 0 ? 500 : 503 });
  proxy.breakWatches();
  await until('several failures', () => answers >= 5);
  const codes = t.lines.filter((l) => l.level === 'warn').map((l) => (l.err as { readonly code?: number }).code);
  expect(codes.filter((code) => code === 500 || code === 503)).toEqual([500, 503]);
});

it.each<{ readonly name: string; readonly rule: FaultRule }>([
  { name: 'as HTTP status', rule: (r) => (r.isWatch ? { status: 410, body: EXPIRED } : undefined) },
  { name: 'as ERROR event', rule: (r) => (r.isWatch ? { lines: [{ type: 'ERROR', object: EXPIRED }] } : undefined) },
])('lists again after 410 $name, not in a hot loop while it goes on', async ({ rule }) => {
  const proxy = await lab.apiProxy();
  const t = await lab.following(proxy.url);
  proxy.rule = rule;
  await t.make('first');
  await t.sees('first', '1');
  await t.set('first', '2');
  await t.sees('first', '2');
  proxy.seen.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(proxy.seen.length).toBeLessThan(12);
  proxy.rule = () => undefined;
  await t.set('first', '3');
  await t.sees('first', '3', 2_000);
});

it('starts a list over when its continue token expires, and never shows half of it', async () => {
  const proxy = await lab.apiProxy();
  let refused = 0;
  proxy.rule = (r) => (r.path.includes('continue=') && refused++ < 2 ? { status: 410, body: EXPIRED } : undefined);
  const label = lab.nextLabel;
  for (let i = 0; i < 5; i++) {
    await lab.admin.create(CONFIG_MAPS, {
      metadata: { name: `${label}-${i}`, namespace: NAMESPACE, labels: { test: label } },
    });
  }
  const sizes = new Set<number>();
  const t = await lab.following(proxy.url, { pageSize: 2 });
  const looking = setInterval(() => sizes.add(t.reflector.synced ? t.reflector.size : -1), 1);
  await t.reflector.waitForSync(AbortSignal.timeout(10_000));
  sizes.add(t.reflector.size);
  clearInterval(looking);
  expect([...sizes].sort()).toEqual([-1, 5]);
  expect(refused).toBeGreaterThanOrEqual(2);
});

it('does not spin when every watch closes at once, and still sees changes', async () => {
  const proxy = await lab.apiProxy();
  proxy.rule = (r) => (r.isWatch ? { lines: [] } : undefined);
  const t = await lab.following(proxy.url);
  await t.reflector.waitForSync(AbortSignal.timeout(10_000));
  proxy.seen.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(proxy.seen.length).toBeLessThan(12);
  expect(t.reflector.failure).toMatch(/ends at once/);
  proxy.rule = () => undefined;
  await t.make('first');
  await t.sees('first', '1', 2_000);
});

it('goes on past a line that it cannot read, by listing again', async () => {
  const proxy = await lab.apiProxy();
  const t = await lab.following(proxy.url, { watchSeconds: { min: 1, max: 1 } });
  await settled(t);
  proxy.rule = (r) => (r.isWatch ? { lines: ['no event'] } : undefined);
  await t.set('first', '2');
  await t.sees('first', '2', 5_000);
  proxy.rule = () => undefined;
  await t.set('first', '3');
  await t.sees('first', '3', 2_000);
});

it('takes silence for rest where a list shows that nothing was missed', async () => {
  const proxy = await lab.apiProxy();
  const registry = new Registry();
  const t = await lab.following(proxy.url, { silenceMs: 700, registry });
  await settled(t);
  const listsBefore = proxy.seen.filter(isList).length;
  // Several watches, each of which is given up.
  await until('three lists', () => proxy.seen.filter(isList).length >= listsBefore + 3);
  expect([t.reflector.failure, t.lines.filter((l) => l.level === 'warn')]).toEqual([undefined, []]);
  expect(t.reflector.silentForMs()).toBeLessThan(2_000);
  expect(await registry.metrics()).not.toMatch(/skycap_reflector_errors_total\{/);
  await t.set('first', '2');
  await t.sees('first', '2', 2_000);
  expect(t.changes.slice(1)).toEqual([`modified ${t.label}-first 2`]);
});

it('finds a watch that hangs by what it missed, and says so until one tells something', async () => {
  const proxy = await lab.apiProxy();
  const t = await lab.following(proxy.url, { silenceMs: 700 });
  await settled(t);
  proxy.isStuck = () => true;
  await t.set('first', '2');
  // By a list: no watch tells it.
  await t.sees('first', '2', 5_000);
  await until('a long silence', () => t.reflector.silentForMs() > 2_500);
  expect(t.reflector.failure).toBe('Cannot watch configmaps: it told nothing for 0.7 s, and missed 1 change');
  await t.remove('first');
  await until('the deletion', () => t.reflector.size === 0);
  expect(t.lines.filter((l) => l.level === 'warn')).toHaveLength(1);
  proxy.isStuck = () => false;
  await t.make('second');
  await t.sees('second', '1', 2_000);
  await until('all well', () => t.reflector.failure === undefined);
  expect(t.reflector.silentForMs()).toBeLessThan(2_000);
});

it('works over HTTP/1.1 where the other side speaks nothing newer', async () => {
  const proxy = await lab.apiProxy({ http1Only: true });
  const t = await lab.following(proxy.url);
  await settled(t);
  await t.set('first', '2');
  await t.sees('first', '2');
});

it('is not disturbed by a listener that throws', async () => {
  const t = await lab.following(lab.plane.url);
  t.reflector.subscribe(() => {
    throw new Error('a bug');
  });
  const after: string[] = [];
  t.reflector.subscribe((change) => after.push(change.type));
  await settled(t);
  await t.set('first', '2');
  await t.sees('first', '2');
  expect(after).toEqual(['added', 'modified']);
});

it('stops at once, in the middle of a watch and in the middle of a back-off', async () => {
  const t = await lab.following(lab.plane.url);
  await settled(t);
  const startedMs = performance.now();
  await t.end();
  const dead = await lab.following('https://127.0.0.1:1');
  await until('the failure is noticed', () => dead.reflector.failure !== undefined);
  await dead.end();
  expect(performance.now() - startedMs).toBeLessThan(1_500);
});

it('a kind that the API server does not have counts as read where that is allowed for, and is not complained of', async () => {
  const widgets: Resource<KubeObject> = {
    group: 'networking.k8s.io',
    version: 'v1',
    kind: 'Widget',
    plural: 'widgets',
    namespaced: false,
  };
  const sink = logSink('test');
  const stop = new AbortController();
  const reflector = new Reflector({ client: lab.admin, resource: widgets, optional: true, log: sink.log });
  const running = reflector.run(stop.signal);
  await until('it is synced', () => reflector.synced);
  expect([reflector.size, reflector.failure, reflector.silentForMs() < 60_000]).toEqual([0, undefined, true]);
  stop.abort();
  await running;
  expect(sink.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
});
