/** kill -9 of the speaker's TypeScript process: BIRD, its sessions and the router's routes know nothing of it. */
import { readExamples, waitForRoute, waitForSessions } from '../lab/demo.ts';
import { SKYCAP_NAMESPACE } from '../lab/install.ts';
import { eventually } from '../lab/poll.ts';
import { addressesOf, Scene } from './support/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open('killed', { v4: '198.51.104.0/24' });
  const examples = await readExamples(scene.lab);
  await scene.lab.apply(...examples.configuration);
  await waitForSessions(scene.lab);
});

afterAll(() => scene?.close());

test('no session resets and no route leaves the router, and the speaker takes over what BIRD has', async () => {
  const [address = ''] = addressesOf((await scene.createService('web')).body);
  await waitForRoute(scene.lab, address, 3);
  const upSince = await sessionsUpSince();
  const lost: string[] = [];
  const watch = new AbortController();
  const watching = (async () => {
    while (!watch.signal.aborted) {
      const route = await scene.lab.router.route(address);
      if (route?.nextHops.length !== 3) lost.push(route?.nextHops.join() ?? 'none');
    }
  })();
  try {
    const restarts = await speakerRestarts('n1');
    expect(
      await scene.lab.node(1).signalContainers({ namespace: SKYCAP_NAMESPACE, container: 'speaker' }, 'SIGKILL'),
    ).toBe(1);
    await eventually(async () => (await speakerRestarts('n1')) > restarts && (await isReady('n1')), {
      what: 'the speaker of n1 back',
      deadlineMs: 60_000,
    });
    // It announces again what comes after its return: one more Service reaches the router by all three nodes.
    const [next = ''] = addressesOf((await scene.createService('next')).body);
    await waitForRoute(scene.lab, next, 3);
  } finally {
    watch.abort();
    await watching;
  }
  expect(lost).toEqual([]);
  const now = await sessionsUpSince();
  for (const [neighbor, since] of upSince) expect(Math.abs((now.get(neighbor) ?? 0) - since)).toBeLessThan(2_000);
});

/** Neighbour → the moment its session came up, in ms of this machine's clock. */
async function sessionsUpSince(): Promise<Map<string, number>> {
  const neighbors = await scene.lab.router.bgpNeighbors();
  return new Map(neighbors.map(({ address, sinceMs }) => [address, Date.now() - sinceMs]));
}

async function speakerRestarts(node: string): Promise<number> {
  return (await speakerContainer(node))?.restartCount ?? 0;
}

async function isReady(node: string): Promise<boolean> {
  return (await speakerContainer(node))?.ready === true;
}

async function speakerContainer(node: string): Promise<{ restartCount: number; ready: boolean } | undefined> {
  const selector = 'app.kubernetes.io/component=speaker';
  const pods = JSON.parse(
    await scene.lab.kubectl([
      '-n',
      'skycap-system',
      'get',
      'pods',
      '-l',
      selector,
      '--field-selector',
      `spec.nodeName=${node}`,
      '-o',
      'json',
    ]),
  );
  return pods.items[0]?.status.containerStatuses?.find((status: { name: string }) => status.name === 'speaker');
}
