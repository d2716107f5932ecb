/**
 * Two minutes of kill -9, one component after the other every few seconds, under a stream of ten changes a second; then a leader that is stopped, replaced and
 * goes on. At no instant has an address two owners, nobody's address changes unasked, and in the end each Service stands as it should, and no claim of
 * another is left. That those of failed creations go after the grace period is seen at the end of the whole run (`zz-whole-run.test.ts`).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readExamples, waitForRoute, waitForSessions } from '../lab/demo.ts';
import { waitForSkycap } from '../lab/install.ts';
import { eventually } from '../lab/poll.ts';
import { History } from '../support/history.ts';
import { Random } from '../support/random.ts';
import { leader, signal, type Victim, victims } from './support/kills.ts';
import { addressesOf, publishedOf, Scene } from './support/scene.ts';
import { type Changes, underChanges } from './support/under-changes.ts';

const LASTING_MS = 120_000;
const SETTLED_WITHIN_MS = 90_000;
const NODES = 3;
const STEADY = ['steady-0', 'steady-1'];

let scene: Scene;
let history: History;
let random: Random;
let changes: Changes;

beforeAll(async () => {
  random = Random.fromEnvironment();
  scene = await Scene.open('kills', { v4: '198.51.106.0/24' });
  const examples = await readExamples(scene.lab);
  await scene.lab.apply(...examples.configuration);
  await waitForSessions(scene.lab);
  await scene.deployBackends(examples, NODES);
  for (const name of STEADY) {
    const [address = ''] = addressesOf((await scene.createService(name)).body);
    await waitForRoute(scene.lab, address, NODES);
  }
  history = await History.start(scene.lab.api);
  changes = { scene, history, random, steady: STEADY, prefix: '198.51.106.' };
});
afterAll(async () => {
  await history?.[Symbol.asyncDispose]();
  await scene?.close();
});

/** One of each in turn; an allocator only while it leads. */
async function nextVictim(turn: number): Promise<Victim | undefined> {
  const { lab } = scene;
  const component = (['webhook', 'allocator', 'speaker'] as const)[turn % 3]!;
  return component === 'allocator' ? leader(lab) : random.of(await victims(lab, component));
}

test('kill -9 of a webhook, the leading allocator and a speaker in turn, for two minutes', async () => {
  await underChanges(changes, async (stream) => {
    const endMs = performance.now() + LASTING_MS;
    let killed = 0;
    for (let turn = 0; performance.now() < endMs; turn++) {
      const victim = await nextVictim(turn);
      if (victim && (await signal(scene.lab, victim, 'SIGKILL'))) {
        killed++;
        stream.note(`KILLED ${victim.component} ${victim.pod} on ${victim.node}`);
      }
      await sleep(2_000 + random.below(3_000));
    }
    // Some thirty; on a machine out of breath each takes its time.
    expect(killed).toBeGreaterThan(5);
  });
}, 300_000);

test('a leader that is stopped past its Lease, replaced, and goes on', async () => {
  await waitForSkycap(scene.lab);
  await underChanges(changes, async (stream) => {
    const stopped = await eventually(() => leader(scene.lab), { what: 'a leader', deadlineMs: 30_000 });
    expect(await signal(scene.lab, stopped, 'SIGSTOP')).toBe(true);
    stream.note(`STOPPED ${stopped.pod}`);
    try {
      const isReplaced = async (): Promise<boolean> => {
        const now = await leader(scene.lab);
        return now !== undefined && now.pod !== stopped.pod;
      };
      await eventually(isReplaced, { what: 'another leader', deadlineMs: 40_000 });
      await sleep(1_000);
    } finally {
      await signal(scene.lab, stopped, 'SIGCONT');
    }
    stream.note(`WENT ON ${stopped.pod}`);
    await sleep(5_000);
  });
}, 180_000);

test('no claim is left of a Service that went', async () => {
  const held = async (): Promise<string[]> =>
    (await scene.claims()).map(({ spec }) => `${spec.address} ${spec.holders.map(({ name }) => name).join()}`);
  const steady = (await scene.services()).map((one) => `${publishedOf(one)} ${one.metadata.name}`);
  await eventually(async () => (await held()).sort().join('; ') === [...steady].sort().join('; '), {
    what: `just the claims of ${steady.join('; ')}`,
    deadlineMs: SETTLED_WITHIN_MS,
    intervalMs: 500,
  });
  expect(steady.length).toBe(STEADY.length);
  expect(await history.violations()).toEqual([]);
}, 120_000);
