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
import { addressesOf, type LabService, publishedOf, Scene } from './support/scene.ts';
import { Stream } from './support/stream.ts';
import { NOTHING_LOST, Witness } from './support/witness.ts';

const LASTING_MS = 120_000;
const CHANGES_EVERY_MS = 100;
const SETTLED_WITHIN_MS = 90_000;
const NODES = 3;
const STEADY = ['steady-0', 'steady-1'];

let scene: Scene;
let history: History;
let random: Random;

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

function conditionOf(service: LabService): string | undefined {
  const condition = service.status?.conditions?.find(({ type }) => type === 'skycap.io/AddressAssigned');
  return condition && `${condition.status} ${condition.reason}`;
}

/** Each Service is as it was asked to be, its address is routed by all nodes, and nothing else is routed. */
async function standsAsAsked(kinds: ReadonlyMap<string, string>): Promise<void> {
  const services = await scene.services();
  const stands = services.map((service) => {
    const [address, ...more] = publishedOf(service);
    const asked = kinds.get(service.metadata.name) ?? 'gone';
    const balanced = asked === 'LoadBalancer';
    const marks = addressesOf(service).join();
    const condition = conditionOf(service);
    const isRight = balanced
      ? address !== undefined && more.length === 0 && marks === address && condition === 'True Assigned'
      : asked === 'ClusterIP' && address === undefined && marks === '' && condition === undefined;
    return isRight ? [] : `${service.metadata.name} (${asked}) publishes ${address}, shows ${marks}, ${condition}`;
  });
  const published = services.flatMap(publishedOf).sort();
  const routes = (await scene.lab.router.routes()).filter(({ prefix }) => prefix.startsWith('198.51.106.'));
  expect(stands.flat()).toEqual([]);
  expect(services.map(({ metadata }) => metadata.name).sort()).toEqual([...kinds.keys()].sort());
  expect(new Set(published).size).toBe(published.length);
  expect(routes.map(({ prefix, nextHops }) => `${prefix} ${nextHops.length}`).sort()).toEqual(
    published.map((address) => `${address} ${NODES}`),
  );
}

async function settled(kinds: ReadonlyMap<string, string>): Promise<void> {
  await eventually(() => standsAsAsked(kinds).then(() => true), {
    what: 'every Service as it was asked to be',
    deadlineMs: SETTLED_WITHIN_MS,
    intervalMs: 500,
  });
}

/** Runs the work under a stream of changes, and judges what came of it. */
async function underChanges(work: (stream: Stream) => Promise<void>): Promise<void> {
  await using witness = await Witness.start(scene, STEADY);
  const stream = new Stream({ scene, random, everyMs: CHANGES_EVERY_MS, names: 60 });
  try {
    await work(stream);
    const kinds = new Map<string, string>(await stream.end());
    for (const name of STEADY) kinds.set(name, 'LoadBalancer');
    expect(stream.failures).toEqual([]);
    await settled(kinds);
    expect(await history.violations()).toEqual([]);
    expect(await witness.end()).toEqual(NOTHING_LOST);
    const { journal, unanswered } = stream;
    console.info(
      `${random}: ${journal.length} changes and kills, ${history.length} events, ${unanswered.size} without an answer`,
    );
  } catch (error) {
    console.error(`${random}; what was done:\n${stream.journalFor(`${error}`).join('\n')}`);
    throw error;
  } finally {
    // The next one starts with an empty table.
    for (const name of (await stream.end()).keys()) await scene.deleteService(name).catch(() => undefined);
  }
}

test('kill -9 of a webhook, the leading allocator and a speaker in turn, for two minutes', async () => {
  await underChanges(async (stream) => {
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
  await underChanges(async (stream) => {
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
