/** What more Services cost: one more creation, and the memory of the components, when 10, 1,000 and 10,000 are there. */
import { type Bench, DEADLINE_MS } from '../bench.ts';
import { type Figure, formatMb, formatMs, formatRatio } from '../figures.ts';
import type { BenchOptions } from '../options.ts';
import { residentBytes, type SkycapProcess, skycapProcesses } from '../processes.ts';
import { untilQuiet } from '../quiet.ts';
import { distributionOf } from '../statistics.ts';

const LEVELS = [10, 1_000, 10_000] as const;
const QUICK_LEVELS = [10, 100] as const;
const PARALLEL = 16;
const SAMPLES = 40;
const GOAL_RATIO = 1.3;
const GOAL_ROUTE_RATIO = 1.5;
const GOAL_MB = [90, 110, 200] as const;
const QUIET_MS = 20_000;
const FILLING_DEADLINE_MS = 600_000;

interface Level {
  readonly count: number;
  /** Of a Service of another class, in the cluster without Skycap and beside Skycap. */
  readonly floorMs: number;
  readonly bareMs: number;
  readonly addressMs: number;
  readonly statusMs: number;
  readonly frrMs: number;
  readonly birdMs: number;
  /** Of the largest process of each component. */
  readonly memory: ReadonlyMap<'webhook' | 'allocator' | 'speaker with BIRD', number>;
}

export async function measureScale(bench: Bench, { mostServices }: BenchOptions): Promise<Figure[]> {
  const levels: Level[] = [];
  let there = 0;
  for (const count of (bench.quick ? QUICK_LEVELS : LEVELS).filter((one) => one <= mostServices)) {
    await fill(bench, count - there);
    there = count;
    await untilQuiet(QUIET_MS);
    levels.push(await measureLevel(bench, count));
  }
  // The row is the last one in the lab: its 10,000 Services go with the namespace, or with the lab.
  const [first, ...rest] = levels;
  return [...rest.flatMap((level) => oneMore(level, first!)), ...levels.map(bareFigure), ...levels.map(memoryFigure)];
}

async function fill(bench: Bench, count: number): Promise<void> {
  const names = await bench.createMany('ours', count, PARALLEL);
  await bench.services.published(names, FILLING_DEADLINE_MS);
  const addresses = bench.services.addressesOf(names);
  await bench.frr.allAppeared(addresses, FILLING_DEADLINE_MS);
  await bench.bird.allAppeared(addresses, FILLING_DEADLINE_MS);
}

async function measureLevel(bench: Bench, count: number): Promise<Level> {
  const samples = { bare: [], address: [], status: [], frr: [], bird: [] } as Record<string, number[]>;
  for (let i = 0; i < bench.times(SAMPLES); i++) {
    await untilQuiet();
    samples.bare!.push(await bench.createBareAndDelete());
    await untilQuiet();
    const { name, address, tookMs, statusMs, frrMs, birdMs } = await bench.createAndFollow();
    samples.address!.push(tookMs);
    samples.status!.push(statusMs);
    samples.frr!.push(frrMs);
    samples.bird!.push(birdMs);
    // So that there are as many as the row says, and not more and more.
    await bench.delete([name]);
    await Promise.all([bench.frr.gone(address, DEADLINE_MS), bench.bird.gone(address, DEADLINE_MS)]);
  }
  const memory = await measureMemory(bench);
  const p50 = (name: string) => distributionOf(samples[name]!).p50;
  return {
    count,
    floorMs: await bench.withoutSkycap(() => measureFloor(bench)),
    bareMs: p50('bare'),
    addressMs: p50('address'),
    statusMs: p50('status'),
    frrMs: p50('frr'),
    birdMs: p50('bird'),
    memory,
  };
}

async function measureFloor(bench: Bench): Promise<number> {
  await untilQuiet(QUIET_MS);
  const times: number[] = [];
  for (let i = 0; i < bench.times(SAMPLES); i++) {
    await untilQuiet();
    times.push(await bench.createBareAndDelete());
  }
  return distributionOf(times).p50;
}

function oneMore(level: Level, first: Level): Figure[] {
  const baseline = `at ${first.count}`;
  const figure = (what: string, ms: (level: Level) => number, goal = GOAL_RATIO): Figure => {
    const ratio = ms(level) / ms(first);
    return {
      what: `one more Service when ${level.count} exist: create → ${what}`,
      measured: `p50 ${formatMs(ms(level))} = ${formatRatio(ratio)}`,
      baseline: `${baseline}: p50 ${formatMs(ms(first))}; bare create without Skycap ${formatMs(first.floorMs)} → ${formatMs(level.floorMs)}`,
      goal: `≤ ${formatRatio(goal)}`,
      isMet: ratio <= goal,
    };
  };
  return [
    figure('address', ({ addressMs }) => addressMs),
    figure('status', ({ statusMs }) => statusMs),
    figure('route, FRR', ({ frrMs }) => frrMs),
    figure('route, BIRD', ({ birdMs }) => birdMs, GOAL_ROUTE_RATIO),
  ];
}

/** What a cluster pays for Skycap with a Service that is not Skycap's. */
function bareFigure({ count, floorMs, bareMs }: Level): Figure {
  const ratio = bareMs / floorMs;
  return {
    what: `a Service of another class when ${count} exist: its create call beside Skycap`,
    measured: `p50 ${formatMs(bareMs)} = ${formatRatio(ratio)}`,
    baseline: `without Skycap: p50 ${formatMs(floorMs)}`,
    goal: `≤ ${formatRatio(GOAL_RATIO)}`,
    isMet: ratio <= GOAL_RATIO,
  };
}

async function measureMemory(bench: Bench): Promise<Level['memory']> {
  await untilQuiet(QUIET_MS);
  const processes = await skycapProcesses(bench.lab.layout);
  const bytes = new Map(await Promise.all(processes.map(async (one) => [one, await residentBytes(one.pid)] as const)));
  const of = (component: SkycapProcess['component'], node?: string) =>
    processes
      .filter((one) => one.component === component && (!node || one.node === node))
      .map((one) => bytes.get(one)!);
  const speakers = bench.lab.nodes.map(({ name }) =>
    [...of('speaker', name), ...of('bird', name)].reduce((sum, one) => sum + one, 0),
  );
  return new Map([
    ['speaker with BIRD', Math.max(...speakers)],
    ['allocator', Math.max(...of('allocator'))],
    ['webhook', Math.max(...of('webhook'))],
  ]);
}

function memoryFigure({ count, memory }: Level, index: number): Figure {
  const goalMb = GOAL_MB[index]!;
  const measured = [...memory].map(([component, bytes]) => `${component} ${formatMb(bytes)}`).join(', ');
  return {
    what: `resident memory at ${count} Services`,
    measured,
    goal: `≤ ${goalMb} MB each`,
    isMet: [...memory.values()].every((bytes) => bytes <= goalMb * 1e6),
  };
}
