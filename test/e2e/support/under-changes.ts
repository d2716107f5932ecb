/** Runs a test's work under a stream of changes, with clients connected, and judges what came of it. */
import { eventually } from '../../lab/poll.ts';
import type { History } from '../../support/history.ts';
import type { Random } from '../../support/random.ts';
import { addressesOf, type LabService, publishedOf, type Scene } from './scene.ts';
import { Stream } from './stream.ts';
import { NOTHING_LOST, Witness, type WitnessOptions } from './witness.ts';

export interface Changes {
  readonly scene: Scene;
  readonly history: History;
  readonly random: Random;
  /** Services that nobody changes: each has one IPv4 address, which all nodes announce. */
  readonly steady: readonly string[];
  /** The addresses of the scene's pool begin so. */
  readonly prefix: string;
  readonly watched?: WitnessOptions;
  /** The work restarts BIRD, so that sessions end; the routes stay by graceful restart. */
  readonly sessionsEnd?: boolean;
}

const EVERY_MS = 100;
const SETTLED_WITHIN_MS = 90_000;

/** @returns the stream, when all that it should have done is done. */
export async function underChanges(changes: Changes, work: (stream: Stream) => Promise<void>): Promise<Stream> {
  const { scene, history, random, steady, watched, sessionsEnd } = changes;
  await using witness = await Witness.start(scene, steady, watched);
  const stream = new Stream({ scene, random, everyMs: EVERY_MS, names: 60 });
  try {
    await work(stream);
    const kinds = new Map<string, string>(await stream.end());
    for (const name of steady) kinds.set(name, 'LoadBalancer');
    expect(stream.failures).toEqual([]);
    await settled(changes, kinds);
    expect(await history.violations()).toEqual([]);
    const lost = await witness.end();
    expect(sessionsEnd ? { ...lost, sessions: [] } : lost).toEqual(NOTHING_LOST);
    const { journal, unanswered } = stream;
    console.info(
      `${random}: ${journal.length} changes, ${history.length} events, ${unanswered.size} without an answer`,
    );
    return stream;
  } catch (error) {
    console.error(`${random}; what was done:\n${stream.journalFor(`${error}`).join('\n')}`);
    throw error;
  } finally {
    // The next one starts with an empty table.
    for (const name of (await stream.end()).keys()) await scene.deleteService(name).catch(() => undefined);
  }
}

async function settled(changes: Changes, kinds: ReadonlyMap<string, string>): Promise<void> {
  await eventually(() => standsAsAsked(changes, kinds).then(() => true), {
    what: 'every Service as it was asked to be',
    deadlineMs: SETTLED_WITHIN_MS,
    intervalMs: 500,
  });
}

/** Each Service is as it was asked to be, its address is routed by all nodes, and nothing else is routed. */
async function standsAsAsked({ scene, prefix }: Changes, kinds: ReadonlyMap<string, string>): Promise<void> {
  const services = await scene.services();
  const published = services.flatMap(publishedOf).sort();
  const routes = (await scene.lab.router.routes()).filter((route) => route.prefix.startsWith(prefix));
  expect(services.flatMap((service) => faultOf(service, kinds.get(service.metadata.name) ?? 'gone'))).toEqual([]);
  expect(services.map(({ metadata }) => metadata.name).sort()).toEqual([...kinds.keys()].sort());
  expect(new Set(published).size).toBe(published.length);
  expect(routes.map((route) => `${route.prefix} ${route.nextHops.length}`).sort()).toEqual(
    published.map((address) => `${address} ${scene.lab.nodes.length}`),
  );
}

function faultOf(service: LabService, asked: string): readonly string[] {
  const [address, ...more] = publishedOf(service);
  const marks = addressesOf(service).join();
  const condition = conditionOf(service);
  const isRight =
    asked === 'LoadBalancer'
      ? address !== undefined && more.length === 0 && marks === address && condition === 'True Assigned'
      : asked === 'ClusterIP' && address === undefined && marks === '' && condition === undefined;
  return isRight ? [] : [`${service.metadata.name} (${asked}) publishes ${address}, shows ${marks}, ${condition}`];
}

function conditionOf(service: LabService): string | undefined {
  const condition = service.status?.conditions?.find(({ type }) => type === 'skycap.io/AddressAssigned');
  return condition && `${condition.status} ${condition.reason}`;
}
