/** `kubectl skycap simulate`, and then the change for real: the same owners, the same paths, the same addresses. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { KubeObject } from '../../lib/api/meta/object.ts';
import type { Simulation } from '../../lib/explain/simulation/simulate.ts';
import { readExamples, waitForSessions } from '../lab/demo.ts';
import type { Lab } from '../lab/lab.ts';
import { eventually } from '../lab/poll.ts';
import { runPlugin } from '../support/plugin.ts';
import { allQuiet, HOSTNAME, holderOf } from './support/layer2.ts';
import { Scene } from './support/scene.ts';

jest.setTimeout(180_000);

const EIP = 'eip.openelb.kubesphere.io/v1alpha2';
const PEERS = ['router', 'router-ipv6'];
/** The hold time of a session without BFD is 15 s. */
const LOST_DEADLINE_MS = 40_000;
const OBJECTS = '/apis/network.kubesphere.io/v1alpha2';
const OF_LAYER_2 = ['one', 'two', 'three', 'four'];

let scene: Scene;
let lab: Lab;
let folder: string;
let routed: string;
const layer2 = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skycap-simulate-'));
  scene = await Scene.open('simulate', { v4: '198.51.117.1' });
  lab = scene.lab;
  await lab.apply(...(await readExamples(lab)).configuration);
  await scene.createEip('simulate-layer2', { address: '10.98.0.208/28', protocol: 'layer2' });
  await waitForSessions(lab);
  await scene.createService('routed');
  [routed = ''] = await scene.published('routed');
  for (const name of OF_LAYER_2) {
    await scene.createService(name, { annotations: { [EIP]: 'simulate-layer2' } });
    const [address = ''] = await scene.published(name);
    layer2.set(address, await holderOf(lab, address));
  }
  await lab.router.waitForNextHops(routed, 3, 20_000);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  if (lab) for (const peer of PEERS) await select(peer, null);
  await scene?.close();
});

async function simulated(...args: string[]): Promise<Simulation> {
  const { out, err } = await runPlugin(['--kubeconfig', lab.kubeconfig, 'simulate', ...args, '-o', 'json']);
  if (err !== '') throw new Error(`Cannot simulate: ${err}`);
  return JSON.parse(out);
}

/** Of the stored objects, each with another spec. */
async function simulatedEdit(...edits: readonly (readonly [kind: string, name: string, spec: object])[]) {
  const files = edits.map(async ([plural, name, spec]) => {
    const stored = await lab.api.get<KubeObject & { readonly spec: object }>(`${OBJECTS}/${plural}/${name}`);
    const { apiVersion, kind } = stored;
    const path = join(folder, `${name}.json`);
    await writeFile(path, JSON.stringify({ apiVersion, kind, metadata: { name }, spec: { ...stored.spec, ...spec } }));
    return path;
  });
  return simulated('apply', '-f', ...(await Promise.all(files)));
}

async function patch(plural: string, name: string, spec: object): Promise<void> {
  await lab.kubectl(['patch', plural, name, '--type=merge', '-p', JSON.stringify({ spec })]);
}

async function select(peer: string, nodes: readonly string[] | null): Promise<void> {
  const nodeSelector = nodes && { matchExpressions: [{ key: HOSTNAME, operator: 'In', values: nodes }] };
  await patch('bgppeers', peer, { nodeSelector });
}

/** The nodes by which the simulation says that the routers have paths to the address. */
function pathsAfter({ bgp }: Simulation, address: string): string[] {
  const nodes = bgp.filter((one) => one.address === address).map(({ after }) => after.join());
  expect(new Set(nodes).size).toBe(1);
  return nodes[0]!.split(',');
}

async function routerHas(address: string, nodes: readonly string[], deadlineMs = 20_000): Promise<void> {
  const expected = nodes.map((name) => `10.98.0.1${name.slice(1)}`).sort();
  await eventually(
    async () => {
      const hops = [...((await lab.router.route(address))?.nextHops ?? [])].sort();
      return hops.join() === expected.join() || Promise.reject(new Error(`now by ${hops.join(', ')}`));
    },
    { what: `paths to ${address} by ${expected.join(', ')}`, deadlineMs },
  );
}

test('a node loses its power: the paths and owners are those that were foretold', async () => {
  await allQuiet(lab);
  const [, lost = ''] = [...layer2][0]!;
  const foretold = await simulated('node', lost, '--gone');
  const moved = [...layer2].filter(([, owner]) => owner === lost).map(([address]) => address);
  expect(foretold.layer2.map(({ address }) => address).sort()).toEqual(moved.sort());
  expect(foretold.losses).toEqual([]);
  const node = lab.nodes.find(({ name }) => name === lost)!;
  await node.powerOff();
  try {
    for (const { address, to } of foretold.layer2)
      expect([address, await holderOf(lab, address, [lost])]).toEqual([address, to]);
    await routerHas(routed, pathsAfter(foretold, routed), LOST_DEADLINE_MS);
  } finally {
    await node.powerOn();
    await node.waitUntilReady();
  }
  await waitForSessions(lab);
  await lab.router.waitForNextHops(routed, 3, LOST_DEADLINE_MS);
});

test('a pool grows, for other nodes: one that waits gets the foretold address, and the routers the foretold paths', async () => {
  await scene.createService('waits');
  const edit = {
    address: '198.51.117.0/30',
    nodeSelector: { matchExpressions: [{ key: HOSTNAME, operator: 'NotIn', values: ['n1'] }] },
  };
  await eventually(
    async () => (await scene.service('waits')).status?.conditions?.some(({ status }) => status === 'False'),
    {
      what: 'a Service that waits',
      deadlineMs: 20_000,
    },
  );
  const foretold = await simulatedEdit(['eips', scene.eip.v4, edit]);
  const given = foretold.services.find(({ service }) => service === 'simulate/waits')?.after ?? [];
  expect(given).toHaveLength(1);
  await patch('eips', scene.eip.v4, edit);
  expect(await scene.published('waits')).toEqual(given);
  for (const address of [routed, ...given]) await routerHas(address, pathsAfter(foretold, address));
  await patch('eips', scene.eip.v4, { nodeSelector: null });
  await lab.router.waitForNextHops(routed, 3, 20_000);
});

test('a BgpPeer selects fewer nodes: the sessions that end and the paths that stay are those that were foretold', async () => {
  const nodes = ['n1', 'n2'];
  const nodeSelector = { matchExpressions: [{ key: HOSTNAME, operator: 'In', values: nodes }] };
  const foretold = await simulatedEdit(...PEERS.map((peer) => ['bgppeers', peer, { nodeSelector }] as const));
  expect(foretold.sessions.map(({ node, peer, change }) => [node, peer, change])).toEqual(
    PEERS.map((peer) => ['n3', peer, 'ends']),
  );
  expect(pathsAfter(foretold, routed)).toEqual(nodes);
  for (const peer of PEERS) await select(peer, nodes);
  await routerHas(routed, nodes);
});
