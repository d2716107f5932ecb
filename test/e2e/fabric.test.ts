/**
 * Two racks' worth of routers in front of the nodes: two leaves, a spine pair, a border. The client outside reaches an address by 2 × 2 paths, and goes on
 * when a leaf and a spine lose their power.
 */

import { ClientStream } from '../lab/client-stream.ts';
import { readExamples } from '../lab/demo.ts';
import { Fabric } from '../lab/fabric/fabric.ts';
import { type FabricRouter, neighborsOf } from '../lab/fabric/fabric-plan.ts';
import { LEAVES, SPINES } from '../lab/layout.ts';
import { eventually } from '../lab/poll.ts';
import { urlOf } from './support/layer2.ts';
import { addressesOf, Scene } from './support/scene.ts';

const CONVERGED_DEADLINE_MS = 30_000;
/** More than the hold time. */
const SESSION_DEADLINE_MS = 100_000;
const STREAM_MS = 3_000;
const NODES_V4 = ['10.98.0.11', '10.98.0.12', '10.98.0.13'];
const NODES_V6 = ['fd98::11', 'fd98::12', 'fd98::13'];

let scene: Scene;
let fabric: Fabric;
let v4: string;
let v6: string;

beforeAll(async () => {
  scene = await Scene.open('fabric', { v4: '198.51.103.0/24', v6: '2001:db8:103::/64' });
  const examples = await readExamples(scene.lab);
  await scene.lab.apply(...examples.configuration.filter(({ kind }) => kind === 'BgpConf'));
  fabric = await Fabric.start(scene.lab);
  await Promise.all([fabric.peer(), scene.deployBackends(examples, 3)]);
  const { body } = await scene.createService('web', { spec: { ipFamilyPolicy: 'RequireDualStack' } });
  [v4 = '', v6 = ''] = addressesOf(body);
});

afterAll(async () => {
  await fabric?.[Symbol.asyncDispose]();
  await scene?.close();
});

/** Waits until the router's kernel has these next hops for the address. */
async function forwards(router: FabricRouter, address: string, nextHops: readonly string[]): Promise<void> {
  const wanted = [...nextHops].sort().join();
  await eventually(
    async () => {
      const found = [...((await fabric.router(router).route(address))?.nextHops ?? [])].sort().join();
      return found === wanted || Promise.reject(new Error(`via ${found || 'nothing'}`));
    },
    { what: `${router} forwards ${address} by ${wanted}`, deadlineMs: CONVERGED_DEADLINE_MS, intervalMs: 50 },
  );
}

/** The addresses of those neighbours of the router, as it sees them. */
function hops(router: FabricRouter, names: readonly FabricRouter[], family: 'v4' | 'v6'): string[] {
  return neighborsOf(router).flatMap(({ name, address }) => (names.includes(name) ? [address[family]] : []));
}

/** Connections on new ports take every path: where one does not work, some of fifty fail. Then one every 20 ms to each address. */
async function noConnectionFails(addresses: readonly string[]): Promise<void> {
  const urls = addresses.map(urlOf);
  await eventually(
    async () => {
      const answers = await Promise.all(urls.map((url) => fabric.outside.getMany(url, { count: 50, concurrency: 25 })));
      const failed = answers.flat().filter((answer) => !answer.ok);
      return failed.length === 0 || Promise.reject(new Error(JSON.stringify(failed[0])));
    },
    { what: `fifty answers of ${addresses}`, deadlineMs: CONVERGED_DEADLINE_MS },
  );
  await using stream = new ClientStream(fabric.outside, { urls, everyMs: 20 });
  await new Promise((resolve) => setTimeout(resolve, STREAM_MS));
  const { answered, failures } = await stream.end();
  expect(answered).toBeGreaterThan(0);
  expect(failures).toEqual([]);
}

test('the border has two paths to an address, each spine two, and each leaf one by each node', async () => {
  for (const [family, address, nodes] of [
    ['v4', v4, NODES_V4],
    ['v6', v6, NODES_V6],
  ] as const) {
    await forwards('border', address, hops('border', SPINES, family));
    for (const spine of SPINES) await forwards(spine, address, hops(spine, LEAVES, family));
    for (const leaf of LEAVES) await forwards(leaf, address, nodes);
  }
  await noConnectionFails([v4, v6]);
});

test('without a spine no connection fails once the routers have converged', async () => {
  await fabric.powerOff('spine1');
  await forwards('border', v4, hops('border', ['spine2'], 'v4'));
  await forwards('border', v6, hops('border', ['spine2'], 'v6'));
  await noConnectionFails([v4, v6]);
});

test('without a leaf as well none fails, and its BgpPeer says so', async () => {
  await fabric.powerOff('leaf1');
  await forwards('spine2', v4, hops('spine2', ['leaf2'], 'v4'));
  await forwards('spine2', v6, hops('spine2', ['leaf2'], 'v6'));
  // The way back: for IPv6 Linux also uses a next hop that does not answer.
  await noConnectionFails([v4]);
  await eventually(
    async () => {
      const text = await scene.lab.kubectl(['get', 'bgppeer', 'leaf1', '-o', 'jsonpath={.status.conditions}']);
      return /"status":"False"/.test(text) || Promise.reject(new Error(text));
    },
    { what: 'the condition of BgpPeer leaf1', deadlineMs: SESSION_DEADLINE_MS },
  );
});
