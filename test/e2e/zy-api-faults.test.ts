/**
 * Everything that can go wrong between Skycap's components and the API server. Meanwhile no route is withdrawn, no status emptied, no session ends and no
 * request of a client fails; and what changes right after is acted on at once.
 */
import { jest } from '@jest/globals';
import { readExamples, waitForRoute, waitForSessions } from '../lab/demo.ts';
import type { Lab } from '../lab/lab.ts';
import { eventually } from '../lab/poll.ts';
import { EXPIRED, type SeenRequest } from '../support/api-proxy.ts';
import { TestCa } from '../support/pki.ts';
import { Detour, KUBERNETES_SERVICE } from './support/detour.ts';
import { allQuiet, connectSteadily, holderOf, holdersOf, longestGapMs } from './support/layer2.ts';
import { addressesOf, Scene } from './support/scene.ts';
import { lasting, NOTHING_LOST, Witness } from './support/witness.ts';

const LIMIT_MS = 240_000;
const ROUTE_DEADLINE_MS = 60_000;
/** What the components may wait by their own decision: back-offs, the next try to connect, the Lease. */
const REACTION_MS = 2_000;
/** What they do then takes longer than later, when everything is connected and in step. */
const BUSY_FACTOR = 10;
const ANOTHER = '198.51.105.77';

jest.setTimeout(LIMIT_MS);

let scene: Scene;
let lab: Lab;
let detour: Detour | undefined;
let services = 0;

beforeAll(async () => {
  scene = await Scene.open('api-faults', { v4: '198.51.105.0/24', v6: '2001:db8:105::/64' });
  lab = scene.lab;
  const examples = await readExamples(lab);
  await lab.apply(...examples.configuration);
  await waitForSessions(lab);
  await scene.deployBackends(examples, 3);
  await scene.createService('web', { spec: { ipFamilyPolicy: 'RequireDualStack' } as object });
  await scene.createService('local', { spec: { externalTrafficPolicy: 'Local' } as object });
  for (const [name, count] of [
    ['web', 2],
    ['local', 1],
  ] as const) {
    for (const address of await scene.published(name, count)) await waitForRoute(lab, address, 3);
  }
});

// The next fault begins with everything in order, whatever became of the last one.
afterEach(async () => {
  if (detour) {
    detour.api.rule = () => undefined;
    detour.tcp.thaw();
    await detour.tcp.accept();
  }
  await lab.controlPlane.restore(lab.api);
});

afterAll(async () => {
  await detour?.[Symbol.asyncDispose]();
  await scene?.close();
});

test('the API server stopped for 60 seconds', async () => {
  const flat = await layer2Address();
  const holder = await holderOf(lab, flat);
  await using witness = await watched();
  await using stream = connectSteadily(lab, [flat]);
  // A controller manager that loses the API server ends; one that went on would take the nodes' silence for their death.
  await lab.controlPlane.killComponent('kube-controller-manager');
  await lab.controlPlane.killComponent('kube-apiserver');
  await lasting(60);
  // No connection is left that could go on past it.
  detour = await Detour.start(lab);
  await lab.controlPlane.startComponent('kube-apiserver');
  await lab.controlPlane.waitUntilReady(lab.api);
  const reacted = await reaction('after the stop');
  expect(await witness.end()).toEqual(NOTHING_LOST);
  // On layer 2 nothing moved, though nobody could renew a Lease.
  expect(longestGapMs(await stream.end())).toBe(0);
  expect(await holdersOf(lab, flat)).toEqual([holder]);
  expectPrompt(reacted);
});

test('etcd paused for 20 seconds', async () => {
  await using witness = await watched();
  await lab.controlPlane.killComponent('kube-controller-manager');
  await lab.controlPlane.signalComponent('etcd', 'SIGSTOP');
  try {
    await lasting(20);
  } finally {
    await lab.controlPlane.signalComponent('etcd', 'SIGCONT');
  }
  await lab.controlPlane.waitUntilReady(lab.api);
  const reacted = await reaction('after etcd was paused');
  expect(await witness.end()).toEqual(NOTHING_LOST);
  expectPrompt(reacted);
});

test('every request answered with 500 or 429 for 30 seconds', async () => {
  const { api } = onDetour();
  await using witness = await watched();
  let answers = 0;
  api.rule = () => (answers++ % 2 === 0 ? { status: 500 } : { status: 429, headers: { 'retry-after': '1' } });
  api.breakWatches();
  await lasting(30);
  expect(answers).toBeGreaterThan(0);
  api.rule = () => undefined;
  const reacted = await reaction('after 500 and 429');
  expect(await witness.end()).toEqual(NOTHING_LOST);
  expectPrompt(reacted);
});

test('connections that hang half-open for 20 seconds', async () => {
  const { tcp } = onDetour();
  await using witness = await watched();
  const before = tcp.accepted;
  tcp.freeze();
  await lasting(20);
  // Found dead by PING, and given up: what is tried since then hangs as well.
  expect(tcp.accepted).toBeGreaterThan(before);
  tcp.thaw();
  const reacted = await reaction('after half-open connections');
  expect(await witness.end()).toEqual(NOTHING_LOST);
  expectPrompt(reacted);
});

test("a certificate of another's CA for 10 seconds", async () => {
  const { api, certificate } = onDetour();
  await using witness = await watched();
  const stranger = await TestCa.create('a-stranger');
  try {
    api.present(await stranger.issue({ commonName: 'kubernetes', ipAddresses: [KUBERNETES_SERVICE] }));
    api.seen.length = 0;
    await lasting(10);
    expect(api.seen).toEqual([]);
  } finally {
    api.present(certificate);
  }
  const reacted = await reaction('after the wrong certificate');
  expect(await witness.end()).toEqual(NOTHING_LOST);
  expectPrompt(reacted);
});

test('etcd compacted while the watches were broken: 410 as status and as event, and what was re-created meanwhile is new', async () => {
  const { api, tcp } = onDetour();
  const [former = ''] = addressesOf((await scene.createService('reborn')).body);
  await waitForRoute(lab, former, 3);
  await using witness = await watched();
  await tcp.refuse();
  tcp.reset();
  await scene.deleteService('reborn');
  await scene.createService('reborn', { annotations: { 'eip.openelb.kubesphere.io/v1alpha1': ANOTHER } });
  await lab.controlPlane.compactEtcd();
  // Its watch cache would still know the history that etcd has thrown away.
  await lab.controlPlane.killComponent('kube-controller-manager');
  await lab.controlPlane.killComponent('kube-apiserver');
  await lab.controlPlane.startComponent('kube-apiserver');
  await lab.controlPlane.waitUntilReady(lab.api);
  // The real one comes as an event; the speakers get a status.
  const refused = new Set<string>();
  api.rule = ({ isWatch, path, userAgent }) => {
    if (!isWatch || userAgent !== 'skycap/speaker' || refused.has(path)) return undefined;
    refused.add(path);
    return { status: 410, body: EXPIRED };
  };
  api.seen.length = 0;
  await tcp.accept();
  await lab.router.waitForNextHops(ANOTHER, 3, ROUTE_DEADLINE_MS);
  await lab.router.waitForNextHops(former, 0, ROUTE_DEADLINE_MS);
  await eventually(async () => (await scene.published('reborn'))[0] === ANOTHER, {
    what: 'the new Service with its own address',
    deadlineMs: 20_000,
  });
  expect(refused.size).toBeGreaterThan(0);
  for (const component of ['skycap/webhook', 'skycap/allocator', 'skycap/speaker']) {
    expect(api.seen.some((seen) => seen.userAgent === component && isList(seen))).toBe(true);
  }
  expect(await witness.end()).toEqual(NOTHING_LOST);
});

/** That of a Service of layer 2, where all nodes know each other. */
async function layer2Address(): Promise<string> {
  const eip = 'api-faults-layer2';
  await scene.createEip(eip, { address: '10.98.0.176/28', protocol: 'layer2' });
  await scene.createService('flat', { annotations: { 'eip.openelb.kubesphere.io/v1alpha2': eip } });
  const [address = ''] = await scene.published('flat');
  await allQuiet(lab);
  return address;
}

function watched(): Promise<Witness> {
  return Witness.start(scene, ['web', 'local']);
}

function onDetour(): Detour {
  if (!detour) throw new Error('Cannot break what goes to the API server: the detour is not there');
  return detour;
}

function isList({ method, isWatch, path }: SeenRequest): boolean {
  return method === 'GET' && !isWatch && path.includes('limit=');
}

interface Reaction {
  /** From the end of the fault to the route of a Service that is created then. */
  readonly ms: number;
  /** Of one more Service, right after: what this machine, as busy as it is, takes for it anyway. */
  readonly ordinaryMs: number;
}

async function reaction(fault: string): Promise<Reaction> {
  const ms = await creationToRoute();
  const ordinaryMs = await creationToRoute();
  process.stderr.write(`${fault}: route after ${Math.round(ms)} ms, ordinarily ${Math.round(ordinaryMs)} ms\n`);
  return { ms, ordinaryMs };
}

async function creationToRoute(): Promise<number> {
  const startedMs = performance.now();
  const name = `after-${++services}`;
  await scene.createService(name);
  const [address = ''] = await scene.published(name, 1, ROUTE_DEADLINE_MS);
  await lab.router.waitForNextHops(address, 3, ROUTE_DEADLINE_MS);
  return performance.now() - startedMs;
}

function expectPrompt({ ms, ordinaryMs }: Reaction): void {
  expect(ms).toBeLessThan(REACTION_MS + BUSY_FACTOR * ordinaryMs);
}
