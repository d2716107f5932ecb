/** A node is taken out for work: its traffic moves first, a client notices nothing, and `kubectl wait` tells when. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ClientStream } from '../lab/client-stream.ts';
import { type Examples, readExamples, waitForSessions } from '../lab/demo.ts';
import { SKYCAP_NAMESPACE } from '../lab/install.ts';
import type { Lab } from '../lab/lab.ts';
import { eventually } from '../lab/poll.ts';
import { RouteWatch } from '../lab/route-watch.ts';
import { labRunner } from '../support/docs/lab-runner.ts';
import { sectionOf } from '../support/docs/page.ts';
import { runBlocks } from '../support/docs/run-blocks.ts';
import { type PluginRun, runPlugin } from '../support/plugin.ts';
import { untar } from '../support/untar.ts';
import { unexplained } from './support/in-flight.ts';
import { addressesOf, Scene } from './support/scene.ts';

const NODES = ['10.98.0.11', '10.98.0.12', '10.98.0.13'];
const DRAIN_SECONDS = 2;
const ANNOTATION = 'skycap.io/maintenance';

let scene: Scene;
let lab: Lab;
let examples: Examples;
let cluster: string;
let local: string;

beforeAll(async () => {
  scene = await Scene.open('maintenance', { v4: '198.51.104.0/24' });
  lab = scene.lab;
  examples = await readExamples(lab);
  await lab.apply(...examples.configuration);
  await setMaintenance({ drainSeconds: DRAIN_SECONDS });
  await scene.deployBackends(examples, 3);
  await waitForSessions(lab);
  const policy = { externalTrafficPolicy: 'Local' } as const;
  [cluster = ''] = addressesOf((await scene.createService('cluster')).body);
  [local = ''] = addressesOf((await scene.createService('local', { spec: policy })).body);
  await Promise.all([cluster, local].map((address) => lab.router.waitForNextHops(address, 3, 20_000)));
});

afterAll(async () => {
  await Promise.all(['n1', 'n2'].map((node) => annotate(node, '-')));
  await setMaintenance(null);
  await scene?.close();
});

async function setMaintenance(maintenance: object | null): Promise<void> {
  const patch = JSON.stringify({ spec: { maintenance } });
  await lab.kubectl(['patch', 'bgpconf', 'default', '--type=merge', '-p', patch]);
}

/** @param value `=true`, or `-` to remove it. */
async function annotate(node: string, value: string): Promise<void> {
  await lab.kubectl(['annotate', 'node', node, `${ANNOTATION}${value}`, '--overwrite']);
}

async function nextHops(address: string): Promise<readonly string[]> {
  return (await lab.router.route(address))?.nextHops ?? [];
}

async function conditionOf(node: string): Promise<string> {
  const path = '{.status.conditions[?(@.type=="SafeToReboot")]}';
  return lab.kubectl(['get', 'speaker', node, '-o', `jsonpath=${path}`]);
}

/** Waits for the condition to have the reason: it is written up to a second after the routes. */
async function reports(node: string, reason: string): Promise<void> {
  await eventually(async () => (await conditionOf(node)).includes(`"${reason}"`), {
    what: `SafeToReboot of ${node} with ${reason}`,
    deadlineMs: 20_000,
  });
}

const plugin = (...args: string[]): Promise<PluginRun> =>
  runPlugin(['--kubeconfig', lab.kubeconfig, 'maintenance', ...args]);
const others = (node: number) => NODES.filter((_, i) => i !== node - 1);

test('its traffic moves to the other nodes, and comes back afterwards, without a failed connection or a session that ends', async () => {
  const sinceMs = async () => Math.min(...(await lab.router.bgpNeighbors()).map((neighbor) => neighbor.sinceMs));
  const before = await sinceMs();
  const urls = [cluster, local].map((address) => `http://${address}/`);
  await using routes = new RouteWatch(lab);
  await using stream = new ClientStream(lab.client, { urls, everyMs: 20 });
  const [begin, end] = sectionOf('docs/bgp.md', 'Maintenance of a node').blocks;
  await runBlocks([begin!], labRunner(lab));
  expect(await nextHops(cluster)).toEqual(others(1));
  expect(await nextHops(local)).toEqual(others(1));
  expect(await conditionOf('n1')).toContain('NodeInMaintenance');
  const { code, out } = await runPlugin(['--kubeconfig', lab.kubeconfig, 'explain', cluster]);
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/n1: NodeInMaintenance.*\n +n2: announces it\n +n3: announces it\n/),
  ]);
  await runBlocks([end!], labRunner(lab));
  for (const address of [cluster, local]) await lab.router.waitForNextHops(address, 3, 20_000);
  await eventually(async () => (await conditionOf('n1')) === '', { what: 'no condition any more', deadlineMs: 20_000 });
  const { answered, failures } = await stream.end();
  expect(answered).toBeGreaterThan(100);
  expect(unexplained(failures, routes.events)).toEqual([]);
  // Each session is older than it was.
  expect(await sinceMs()).toBeGreaterThan(before);
});

test('routers prefer other nodes before the routes go: they carry GRACEFUL_SHUTDOWN', async () => {
  await setMaintenance({ drainSeconds: 3600 });
  await annotate('n1', '=true');
  await lab.router.waitForNextHops(cluster, 2, 20_000);
  const paths = (await lab.router.vtysh(`show bgp ipv4 unicast ${cluster}/32`)).split(/\n(?= {2}\d+\n)/);
  const shutDown = paths.filter((path) => path.includes('Community: graceful-shutdown'));
  expect(shutDown).not.toEqual([]);
  for (const path of shutDown) expect(path).toContain('10.98.0.11');
  await reports('n1', 'NodeDraining');
  await annotate('n1', '-');
  await lab.router.waitForNextHops(cluster, 3, 20_000);
  await setMaintenance({ drainSeconds: DRAIN_SECONDS });
});

test('an address that too few other nodes announce stays, and is named', async () => {
  await setMaintenance({ drainSeconds: 0, minimumNodes: 2 });
  const [first, second] = await Promise.all([plugin('n1', '--wait'), plugin('n2', '--wait', '--timeout', '15')]);
  expect(first).toMatchObject({ code: 0, out: expect.stringContaining('Node n1 may be rebooted') });
  expect(second.code).toBe(1);
  expect(second.out).toMatch(/Node n2 may not be rebooted: NoOtherNode: still announces .*\n.*minimumNodes/);
  const { paths } = JSON.parse(await lab.router.vtysh(`show bgp ipv4 unicast ${cluster}/32 json`));
  const from = paths.flatMap(({ nexthops }: { nexthops: { ip: string }[] }) => nexthops.map(({ ip }) => ip));
  expect([...new Set(from)].sort()).toEqual(others(1));
  for (const node of ['n1', 'n2']) expect((await plugin(node, '--end', '--wait')).code).toBe(0);
  await lab.router.waitForNextHops(cluster, 3, 20_000);
});

test('a node that is not there, and a time that is none', async () => {
  expect(await plugin('n9')).toMatchObject({ code: 2, err: expect.stringContaining('There is no Node n9') });
  expect(await plugin('n1', '--timeout', '2m')).toMatchObject({ code: 2, err: expect.stringContaining('seconds') });
});

test('the support bundle has logs, the state of BIRD and metrics, and no password of a session', async () => {
  const password = 'Xq7hunter2';
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'skycap-bgp-passwords', namespace: SKYCAP_NAMESPACE },
  };
  const conf = {
    neighborAddress: '10.98.0.250',
    peerAs: 64_999,
    authPasswordSecretRef: { name: secret.metadata.name, key: 'planted' },
  };
  await lab.apply(
    { ...secret, stringData: { planted: password } },
    { apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'BgpPeer', metadata: { name: 'planted' }, spec: { conf } },
  );
  const folder = await mkdtemp(join(tmpdir(), 'skycap-bundle-'));
  try {
    await eventually(async () => (await lab.kubectl(['get', 'speaker', 'n1', '-o', 'json'])).includes('10.98.0.250'), {
      what: 'a session with the password',
      deadlineMs: 20_000,
    });
    const file = join(folder, 'bundle.tar.gz');
    const env = { PATH: `${dirname(lab.kubectlPath)}:/usr/bin:/bin` };
    const { code, out } = await runPlugin(['--kubeconfig', lab.kubeconfig, 'support-bundle', '--file', file], env);
    expect(code).toBe(0);
    const files = await untar(file);
    const names = [...files.keys()];
    for (const part of [/allocator.*\/allocator\.log$/, /webhook.*\/metrics\.txt$/, /speaker.*\/bird\.txt$/]) {
      expect([part, names.some((name) => part.test(name)), out]).toEqual([part, true, out]);
    }
    const bird = [...files].find(([name]) => name.endsWith('/bird.txt'))?.[1] ?? '';
    expect(bird).toContain('Established');
    expect([...files].filter(([, text]) => text.includes(password)).map(([name]) => name)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await lab.kubectl(['delete', 'bgppeer', 'planted', '--ignore-not-found']);
    await lab.kubectl(['delete', 'secret', secret.metadata.name, '-n', SKYCAP_NAMESPACE, '--ignore-not-found']);
  }
});
