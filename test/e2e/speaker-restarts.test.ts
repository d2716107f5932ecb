/**
 * The speaker's processes end and come back, by a crash or by a rollout. The router keeps every route, a client that connects every 20 ms notices nothing, and
 * its open connections go on. Without its TypeScript process a node keeps its sessions too.
 */
import { readExamples, waitForRoute, waitForSessions } from '../lab/demo.ts';
import { SKYCAP_NAMESPACE } from '../lab/install.ts';
import type { Lab } from '../lab/lab.ts';
import { eventually } from '../lab/poll.ts';
import { podOn } from './support/components.ts';
import { addressesOf, Scene } from './support/scene.ts';
import { NOTHING_LOST, Witness } from './support/witness.ts';

/** Enough that each node has some: they are spread by their ports. */
const WATCHED = { everyMs: 20, standing: 12 };
const DAEMON_SET = 'daemonset/skycap-speaker';

let scene: Scene;
let lab: Lab;

beforeAll(async () => {
  scene = await Scene.open('restarts', { v4: '198.51.104.0/24' });
  lab = scene.lab;
  const examples = await readExamples(lab);
  await lab.apply(...examples.configuration);
  await waitForSessions(lab);
  await scene.deployBackends(examples, 3);
  const [address = ''] = addressesOf((await scene.createService('web')).body);
  await waitForRoute(lab, address, 3);
});

afterAll(() => scene?.close());

async function kill(node: number, ...containers: readonly string[]): Promise<void> {
  const killed = containers.map((container) =>
    lab.node(node).signalContainers({ namespace: SKYCAP_NAMESPACE, container }, 'SIGKILL'),
  );
  expect(await Promise.all(killed)).toEqual(containers.map(() => 1));
}

async function isBack(node: string, restarts: number): Promise<void> {
  const back = async () => {
    const pod = await podOn(lab, 'speaker', node);
    return pod.ready && pod.restarts > restarts;
  };
  await eventually(back, { what: `the speaker of ${node} back`, deadlineMs: 60_000 });
}

/** It announces again what comes after its return: one more Service reaches the router by all three nodes. */
async function announcesAnother(name: string): Promise<void> {
  const [address = ''] = addressesOf((await scene.createService(name)).body);
  await waitForRoute(lab, address, 3);
}

test('the speaker killed: no session resets, and the speaker takes over what BIRD has', async () => {
  await using witness = await Witness.start(scene, ['web'], WATCHED);
  const { restarts } = await podOn(lab, 'speaker', 'n1');
  await kill(1, 'speaker');
  await isBack('n1', restarts);
  await announcesAnother('after-speaker');
  expect(await witness.end()).toEqual(NOTHING_LOST);
});

test('speaker and BIRD killed at once: BIRD starts with the routes that it had', async () => {
  await using witness = await Witness.start(scene, ['web'], WATCHED);
  const { restarts } = await podOn(lab, 'speaker', 'n2');
  await kill(2, 'speaker', 'bird');
  await isBack('n2', restarts);
  await announcesAnother('after-both');
  await waitForSessions(lab);
  const { sessions, ...rest } = await witness.end();
  expect(sessions.filter((lost) => !/10\.98\.0\.12|fd98::12/.test(lost))).toEqual([]);
  expect({ ...rest, sessions: [] }).toEqual(NOTHING_LOST);
});

test('a rollout, as for another image: a node after the other has new pods', async () => {
  await using witness = await Witness.start(scene, ['web'], WATCHED);
  const before = new Set(await scene.pods('speaker'));
  await lab.kubectl(['-n', SKYCAP_NAMESPACE, 'rollout', 'restart', DAEMON_SET]);
  await lab.kubectl(['-n', SKYCAP_NAMESPACE, 'rollout', 'status', DAEMON_SET, '--timeout=120s'], {
    timeoutMs: 130_000,
  });
  expect((await scene.pods('speaker')).filter((name) => before.has(name))).toEqual([]);
  await waitForSessions(lab);
  await announcesAnother('after-rollout');
  const { sessions: _, ...rest } = await witness.end();
  expect({ ...rest, sessions: [] }).toEqual(NOTHING_LOST);
}, 180_000);
