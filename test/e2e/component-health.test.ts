/**
 * A component that is stuck, or whose BIRD has gone, is not ready, says why, and heals or is restarted by its probe. No route is withdrawn for it, since what
 * a node announces is BIRD's, and while BIRD is away the router keeps its routes (graceful restart).
 */
import { readExamples, waitForRoute, waitForSessions } from '../lab/demo.ts';
import { SKYCAP_NAMESPACE } from '../lab/install.ts';
import type { Lab } from '../lab/lab.ts';
import { eventually } from '../lab/poll.ts';
import { type Component, type ComponentPod, podOn, podsOf, readyzOf, speakerReadiness } from './support/components.ts';
import { Scene } from './support/scene.ts';
import { NOTHING_LOST, Witness } from './support/witness.ts';

const PROBE_DEADLINE_MS = 60_000;
/** Three probes ten seconds apart, each with its time-out, and what a busy machine adds. */
const RESTART_DEADLINE_MS = 100_000;

let scene: Scene;
let lab: Lab;

beforeAll(async () => {
  scene = await Scene.open('health', { v4: '198.51.106.0/24' });
  lab = scene.lab;
  const examples = await readExamples(lab);
  await lab.apply(...examples.configuration);
  await waitForSessions(lab);
  await scene.deployBackends(examples, 3);
  await scene.createService('web');
  for (const address of await scene.published('web')) await waitForRoute(lab, address, 3);
});

afterEach(async () => {
  for (const node of lab.nodes) await node.signalContainers({ namespace: SKYCAP_NAMESPACE }, 'SIGCONT');
});

afterAll(() => scene?.close());

test('a blocked event loop: not ready, and healed where it is over, restarted by its probe where it is not', async () => {
  await using witness = await Witness.start(scene, ['web']);
  const forGood = await podOn(lab, 'speaker', 'n2');
  await signal('speaker', forGood, 'SIGSTOP');
  const passing = {
    speaker: await podOn(lab, 'speaker', 'n1'),
    allocator: (await podsOf(lab, 'allocator'))[0]!,
    webhook: (await podsOf(lab, 'webhook'))[0]!,
  };
  const components = Object.keys(passing) as (keyof typeof passing)[];
  for (const component of components) await signal(component, passing[component], 'SIGSTOP');
  await Promise.all(
    components.map(async (component) => {
      const { node, restarts } = passing[component];
      await becomes(component, node, (pod) => !pod.ready);
      await signal(component, passing[component], 'SIGCONT');
      await eventually(async () => /event loop: the event loop was blocked for/.test(await readyz(component, node)), {
        what: `the ${component} of ${node} saying that it was blocked`,
        deadlineMs: PROBE_DEADLINE_MS,
        intervalMs: 200,
      });
      const healed = await becomes(component, node, (pod) => pod.ready);
      // A restart would have cost it its caches, and mended nothing.
      expect([component, healed.restarts]).toEqual([component, restarts]);
    }),
  );
  await becomes('speaker', 'n2', ({ ready, restarts }) => ready && restarts > forGood.restarts, RESTART_DEADLINE_MS);
  expect(await witness.end()).toEqual(NOTHING_LOST);
});

test('BIRD gone: the speaker is not ready and says so, in its answer and in its object, until BIRD is back', async () => {
  await using witness = await Witness.start(scene, ['web']);
  // kubelet waits ten seconds before it starts a container anew that has just been started anew.
  for (let kill = 1; kill <= 2; kill++) {
    await eventually(async () => (await killBird('n3')) === 1, { what: 'a BIRD to kill', deadlineMs: 30_000 });
  }
  await eventually(async () => /\[-\] bird: BirdUnreachable: /.test(await readyz('speaker', 'n3')), {
    what: 'the speaker saying that it has no BIRD',
    deadlineMs: 20_000,
  });
  await eventually(async () => (await speakerReadiness(lab, 'n3')) === 'False BirdUnreachable', {
    what: 'the Speaker object saying so',
    deadlineMs: 20_000,
  });
  await eventually(async () => (await speakerReadiness(lab, 'n3')) === 'True Ready', {
    what: 'the Speaker object of n3 ready again',
    deadlineMs: 60_000,
  });
  await becomes('speaker', 'n3', (pod) => pod.ready);
  const { sessions, ...rest } = await witness.end();
  expect(sessions.every((lost) => /10\.98\.0\.13|fd98::13/.test(lost))).toBe(true);
  expect({ ...rest, sessions: [] }).toEqual(NOTHING_LOST);
});

async function becomes(
  component: Component,
  node: string,
  is: (pod: ComponentPod) => boolean,
  deadlineMs = PROBE_DEADLINE_MS,
): Promise<ComponentPod> {
  return eventually(
    async () => {
      const pod = await podOn(lab, component, node);
      if (!is(pod)) throw new Error(`it is ${pod.ready ? '' : 'not '}ready, with ${pod.restarts} restarts`);
      return pod;
    },
    { what: `another state of the ${component} of ${node}`, deadlineMs, intervalMs: 200 },
  );
}

async function readyz(component: Component, node: string): Promise<string> {
  return readyzOf(lab, await podOn(lab, component, node));
}

async function signal(component: Component, { node }: ComponentPod, name: NodeJS.Signals): Promise<void> {
  const machine = lab.node(Number(node.slice(1)));
  expect(await machine.signalContainers({ namespace: SKYCAP_NAMESPACE, container: component }, name)).toBe(1);
}

function killBird(node: string): Promise<number> {
  const machine = lab.node(Number(node.slice(1)));
  return machine.signalContainers({ namespace: SKYCAP_NAMESPACE, container: 'bird' }, 'SIGKILL');
}
