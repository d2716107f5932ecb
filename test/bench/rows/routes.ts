/**
 * One more route among many, to four routers: a real API server, the speaker as a process, its BIRD, and BIRD as each router. Compared with the same BIRD when
 * somebody writes the route into its configuration by hand. Then a start of BIRD alone. Processor time is seen from outside.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES } from '../../../lib/kube/resource.ts';
import { BirdSite } from '../../real/bird/support/bird-site.ts';
import { Lan } from '../../real/bird/support/lan.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import type { Daemon } from '../../support/daemon.ts';
import { ip } from '../../support/namespaces.ts';
import { SPEAKER_USER, startSpeaker } from '../../support/speaker-daemon.ts';
import { createUnpublished, giveAddresses, prepareSpeakerPlane, publish } from '../../support/speaker-objects.ts';
import { BirdNeighbor } from '../bird-neighbor.ts';
import { type Figure, formatMs } from '../figures.ts';
import { inParallel } from '../in-parallel.ts';
import type { BenchOptions } from '../options.ts';
import { cpuMs } from '../processes.ts';
import { untilQuiet } from '../quiet.ts';
import { distributionOf, formatDistribution } from '../statistics.ts';

const ROOT = join(import.meta.dirname, '../../..');
const NODE_NAME = 'node-1';
const ROUTERS = 4;
const STEPS = [10, 1_000, 10_000];
const QUICK_STEPS = [10, 100];
const SAMPLES = 40;
const QUICK_SAMPLES = 5;
const STARTS = 3;
const PARALLEL = 16;
const QUIET_MS = 20_000;
const DEADLINE_MS = 180_000;
const MOST_LATER_MS = 100;
const START_GOAL_MS = 3_000;
/** As in the Dockerfile. */
const NODE_OPTIONS = '--max-semi-space-size=1 --v8-pool-size=1';

const addressOf = (i: number) => `198.18.${i >> 8}.${i & 255}`;
const isCounted = (prefix: string) => prefix.startsWith('198.18.');

export async function measureRoutes({ quick }: BenchOptions, note: (text: string) => void): Promise<Figure[]> {
  // What the image has: the sources would be stripped of their types at every start.
  execFileSync(process.execPath, ['build.mjs'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  await using plane = await ControlPlane.start({ users: [SPEAKER_USER] });
  await using lan = Lan.make();
  await using routers = new AsyncDisposableStack();
  const neighbors = Array.from({ length: ROUTERS }, (_, i) => routers.use(new BirdNeighbor(lan, i, isCounted)));
  await prepareSpeakerPlane({
    plane,
    nodeName: NODE_NAME,
    range: '198.18.0.0/16',
    peers: neighbors.map((one) => one.bgpPeer),
  });
  const site = new BirdSite(lan);
  site.startContainer();
  const speaker = await startSpeaker({
    ...{ plane, nodeName: NODE_NAME, runDir: site.runDir, folder: lan.dir },
    ...{ program: 'dist/speaker.js', nodeOptions: NODE_OPTIONS },
  });
  const scene: Scene = { plane, site, speaker: speaker.daemon, neighbors, lan };
  try {
    const steps: Step[] = [];
    for (const count of quick ? QUICK_STEPS : STEPS) {
      note(`${count} Services`);
      await fill(scene, steps.at(-1)?.count ?? 0, count);
      const step = await measureStep(scene, count, quick ? QUICK_SAMPLES : SAMPLES);
      for (const { what, measured, baseline = '' } of figuresOf(step, step)) note(`${what}: ${measured} (${baseline})`);
      steps.push(step);
    }
    note('starts of BIRD');
    const startsMs = await measureStarts(scene, steps.at(-1)!.count, quick ? 1 : STARTS);
    return [...steps.flatMap((step) => figuresOf(step, steps[0]!)), startFigure(steps.at(-1)!.count, startsMs)];
  } finally {
    site.control.close();
    await speaker.daemon.kill();
  }
}

interface Scene {
  readonly plane: ControlPlane;
  readonly site: BirdSite;
  readonly speaker: Daemon;
  readonly neighbors: readonly BirdNeighbor[];
  readonly lan: Lan;
}

interface Step {
  readonly count: number;
  readonly tookMs: readonly number[];
  readonly byHandMs: readonly number[];
  /** Of one change of the routes. */
  readonly speakerCpuMs: number;
  readonly birdCpuMs: number;
}

async function fill({ plane, neighbors }: Scene, from: number, to: number): Promise<void> {
  const client = plane.client();
  const numbers = Array.from({ length: to - from }, (_, i) => from + i);
  await inParallel(PARALLEL, numbers, (i) => publish(client, `s-${i}`, [addressOf(i)]));
  const addresses = Array.from({ length: to }, (_, i) => addressOf(i));
  await Promise.all(neighbors.map(({ routes }) => routes.allAppeared(addresses, DEADLINE_MS)));
  await untilQuiet(QUIET_MS);
}

async function measureStep(scene: Scene, count: number, samples: number): Promise<Step> {
  const { speaker, lan } = scene;
  const birdPid = birdIn(lan.node);
  const used = async () => [await cpuMs(speaker.pid), await cpuMs(birdPid)] as const;
  const [speakerBefore, birdBefore] = await used();
  const tookMs: number[] = [];
  for (let i = 0; i < samples; i++) tookMs.push(await oneMore(scene, count, i));
  const [speakerAfter, birdAfter] = await used();
  speaker.signal('SIGSTOP');
  const byHandMs: number[] = [];
  for (let i = 0; i < samples; i++) byHandMs.push(await oneMoreByHand(scene, addressOf(count + i)));
  speaker.signal('SIGCONT');
  // The route comes, and goes.
  const changes = 2 * samples;
  const speakerCpuMs = (speakerAfter - speakerBefore) / changes;
  return { count, tookMs, byHandMs, speakerCpuMs, birdCpuMs: (birdAfter - birdBefore) / changes };
}

/** @returns the time from the write of the status to the last of the routers' kernels. */
async function oneMore({ plane, neighbors }: Scene, count: number, i: number): Promise<number> {
  const client = plane.client();
  const address = addressOf(count + i);
  const created = await createUnpublished(client, `more-${count}-${i}`);
  await untilQuiet();
  const sentMs = performance.now();
  await giveAddresses(client, created, [address]);
  const took = (await lastAppeared(neighbors, address)) - sentMs;
  await client.delete(SERVICES, { name: created.metadata.name!, namespace: 'default' });
  await Promise.all(neighbors.map(({ routes }) => routes.gone(address, DEADLINE_MS)));
  return took;
}

async function oneMoreByHand({ site, neighbors }: Scene, address: string): Promise<number> {
  const file = join(site.runDir, 'bird.conf');
  const before = readFileSync(file, 'utf8');
  await untilQuiet();
  writeFileSync(file, before.replace('  ipv4;\n', `  ipv4;\n  route ${address}/32 blackhole;\n`));
  const sentMs = performance.now();
  await site.control.command('configure');
  const took = (await lastAppeared(neighbors, address)) - sentMs;
  writeFileSync(file, before);
  await site.control.command('configure');
  await Promise.all(neighbors.map(({ routes }) => routes.gone(address, DEADLINE_MS)));
  return took;
}

async function lastAppeared(neighbors: readonly BirdNeighbor[], address: string): Promise<number> {
  return Math.max(...(await Promise.all(neighbors.map(({ routes }) => routes.appeared(address, DEADLINE_MS)))));
}

async function measureStarts({ site, neighbors, lan }: Scene, count: number, runs: number): Promise<number[]> {
  const addresses = Array.from({ length: count }, (_, i) => addressOf(i));
  const tookMs: number[] = [];
  for (let run = 0; run < runs; run++) {
    process.kill(birdIn(lan.node), 'SIGKILL');
    await site.container.kill();
    await Promise.all(neighbors.map(({ routes }) => routes.atMost(0, DEADLINE_MS)));
    await untilQuiet(QUIET_MS);
    const startedMs = performance.now();
    site.startContainer();
    const last = await Promise.all(neighbors.map(({ routes }) => routes.allAppeared(addresses, DEADLINE_MS)));
    tookMs.push(Math.max(...last) - startedMs);
  }
  return tookMs;
}

function birdIn(namespace: string): number {
  const pids = ip('netns', 'pids', namespace).split('\n').filter(Boolean).map(Number);
  return pids.find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'bird') ?? -1;
}

function figuresOf({ count, tookMs, byHandMs, speakerCpuMs, birdCpuMs }: Step, first: Step): Figure[] {
  const [took, byHand] = [distributionOf(tookMs), distributionOf(byHandMs)];
  const cpu = (step: Pick<Step, 'speakerCpuMs' | 'birdCpuMs'>) =>
    `${formatMs(step.speakerCpuMs)}, ${formatMs(step.birdCpuMs)}`;
  return [
    {
      what: `one more route beside ${count}: status written → in the last of ${ROUTERS} kernels, BIRD`,
      measured: formatDistribution(took),
      baseline: `written into BIRD's configuration by hand: ${formatDistribution(byHand)}`,
      goal: `p50 ≤ ${formatMs(byHand.p50 + MOST_LATER_MS)}`,
      isMet: took.p50 <= byHand.p50 + MOST_LATER_MS,
    },
    {
      what: `processor time of one change beside ${count} routes: speaker, BIRD`,
      measured: cpu({ speakerCpuMs, birdCpuMs }),
      ...(count !== first.count && { baseline: `beside ${first.count}: ${cpu(first)}` }),
    },
  ];
}

function startFigure(count: number, startsMs: readonly number[]): Figure {
  return {
    what: `start of BIRD with ${count} routes: in the last of ${ROUTERS} kernels`,
    measured: startsMs.map(formatMs).join(', '),
    goal: `≤ ${formatMs(START_GOAL_MS)}`,
    isMet: Math.max(...startsMs) <= START_GOAL_MS,
  };
}
