/**
 * Skycap goes back to the release before, and is upgraded from it, by `kubectl apply -k`: under a stream of ten changes of Services a second, with a client that
 * connects to BGP and layer 2 addresses all the time, and with open connections. No connection breaks, no address changes, and no creation is refused.
 */
import { readFile } from 'node:fs/promises';
import { readExamples, waitForRoute, waitForSessions } from '../lab/demo.ts';
import { LAST_RELEASE, prepareFormerRelease } from '../lab/former-release.ts';
import { LAB_OVERLAY, SKYCAP_NAMESPACE, waitForSkycap } from '../lab/install.ts';
import { eventually } from '../lab/poll.ts';
import { History } from '../support/history.ts';
import { Random } from '../support/random.ts';
import { allQuiet, connectSteadily, holderOf, longestGapMs } from './support/layer2.ts';
import { Scene } from './support/scene.ts';
import { type Changes, underChanges } from './support/under-changes.ts';

const STEADY = ['cluster', 'local'];
/** As in the rollout of `layer2.test.ts`: an address is handed over before its node's speaker ends. */
const MOST_GAP_MS = 100;

let scene: Scene;
let layer2: Scene;
let history: History;
let changes: Changes;
let former: Awaited<ReturnType<typeof prepareFormerRelease>>;

beforeAll(async () => {
  scene = await Scene.open('upgrade', { v4: '198.51.107.0/24' });
  layer2 = await Scene.open('upgrade-layer2', { v4: '10.98.0.160/29' }, { protocol: 'layer2' });
  const { lab } = scene;
  const examples = await readExamples(lab);
  await lab.apply(...examples.configuration);
  await waitForSessions(lab);
  former = await prepareFormerRelease(LAST_RELEASE);
  await lab.loadImage(former.image);
  for (const one of [scene, layer2]) await one.deployBackends(examples, 3);
  await scene.createService('cluster');
  await scene.createService('local', { spec: { externalTrafficPolicy: 'Local' } });
  for (const name of STEADY) await waitForRoute(lab, (await scene.published(name))[0]!, 3);
  await layer2.createService('web');
  await allQuiet(lab);
  history = await History.start(lab.api, { definitionsChange: true });
  const watched = { everyMs: 20, standing: 12 };
  const random = Random.fromEnvironment();
  changes = { scene, history, random, steady: STEADY, prefix: '198.51.107.', watched, sessionsEnd: true };
}, 300_000);

afterAll(async () => {
  await history?.[Symbol.asyncDispose]();
  // Whatever failed, the next file finds the version that is tested.
  if (scene) await install(LAB_OVERLAY);
  await layer2?.close();
  await scene?.close();
}, 180_000);

async function install(overlay: string): Promise<void> {
  await scene.lab.kubectl(['apply', '-k', overlay]);
  await waitForSkycap(scene.lab);
}

const images = async (): Promise<string> => {
  const jsonpath = 'jsonpath={.items[*].spec.containers[*].image}';
  const found = await scene.lab.kubectl(['-n', SKYCAP_NAMESPACE, 'get', 'pods', '-o', jsonpath]);
  return [...new Set(found.split(' '))].join();
};

/** Reviews that the API server went on without, by the reason. */
async function failedReviews(): Promise<readonly string[]> {
  const log = await readFile(scene.lab.controlPlane.logOf('kube-apiserver'), 'utf8');
  const lines = log
    .split('\n')
    .filter((line) => line.includes('Failed calling webhook, failing open services.skycap.io'));
  return lines.map((line) => line.slice(line.lastIndexOf(': ') + 2));
}

test.each([
  ['back to the release before', () => former.overlay, () => former.image.name],
  ['an upgrade from it', () => LAB_OVERLAY, () => 'localhost/skycap:lab'],
])(
  '%s: nothing is lost',
  async (_, overlay, image) => {
    const [address = ''] = await layer2.published('web');
    await holderOf(scene.lab, address);
    await using client = connectSteadily(scene.lab, [address]);
    const startedMs = performance.now();
    const { length: failedBefore } = await failedReviews();
    const stream = await underChanges(changes, async () => {
      await install(overlay());
      await waitForSessions(scene.lab);
    });
    const sums = await client.end();
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    const { created, withoutAddress } = stream;
    console.info(
      `${seconds} s; ${created.length} created, ${withoutAddress.length} answered without an address; layer 2: ${sums.answered} answers, longest gap ${longestGapMs(sums)} ms`,
    );
    // A Deployment's rollout is complete while its last pod still ends.
    await eventually(
      async () => {
        expect(await images()).toBe(image());
        return true;
      },
      { what: 'every pod with the image', deadlineMs: 60_000, intervalMs: 500 },
    );
    expect(created.length).toBeGreaterThan(20);
    // A machine out of breath reaches the time limit of a review; then the allocator gives the address. Each other failure would be a webhook that ended too early.
    const failed = (await failedReviews()).slice(failedBefore);
    expect(failed.filter((reason) => reason !== 'context deadline exceeded')).toEqual([]);
    expect(longestGapMs(sums)).toBeLessThanOrEqual(MOST_GAP_MS);
    expect(await layer2.published('web')).toEqual([address]);
  },
  240_000,
);
