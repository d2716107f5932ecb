/** kill -9 of the speaker's TypeScript process: BIRD, its sessions and the router's routes know nothing of it. */
import { readExamples, waitForRoute, waitForSessions } from '../lab/demo.ts';
import { SKYCAP_NAMESPACE } from '../lab/install.ts';
import { eventually } from '../lab/poll.ts';
import { podOn } from './support/components.ts';
import { addressesOf, Scene } from './support/scene.ts';
import { NOTHING_LOST, Witness } from './support/witness.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open('killed', { v4: '198.51.104.0/24' });
  const examples = await readExamples(scene.lab);
  await scene.lab.apply(...examples.configuration);
  await waitForSessions(scene.lab);
  await scene.deployBackends(examples, 3);
});

afterAll(() => scene?.close());

test('no session resets and no route leaves the router, and the speaker takes over what BIRD has', async () => {
  const [address = ''] = addressesOf((await scene.createService('web')).body);
  await waitForRoute(scene.lab, address, 3);
  await using witness = await Witness.start(scene, ['web']);
  const { restarts } = await podOn(scene.lab, 'speaker', 'n1');
  expect(
    await scene.lab.node(1).signalContainers({ namespace: SKYCAP_NAMESPACE, container: 'speaker' }, 'SIGKILL'),
  ).toBe(1);
  const isBack = async () => {
    const pod = await podOn(scene.lab, 'speaker', 'n1');
    return pod.ready && pod.restarts > restarts;
  };
  await eventually(isBack, { what: 'the speaker of n1 back', deadlineMs: 60_000 });
  // It announces again what comes after its return: one more Service reaches the router by all three nodes.
  const [next = ''] = addressesOf((await scene.createService('next')).body);
  await waitForRoute(scene.lab, next, 3);
  expect(await witness.end()).toEqual(NOTHING_LOST);
});
