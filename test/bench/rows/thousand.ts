/**
 * 1,000 Services created 16 at a time, each with its EndpointSlice: until the last has its address, and until the last route is in the routers' kernels.
 * The floor is the time of the same creations in the cluster without Skycap.
 */
import { type Bench, DEADLINE_MS } from '../bench.ts';
import { type Figure, formatMs, formatRatio } from '../figures.ts';
import { cpuByProgram } from '../processes.ts';
import { untilQuiet } from '../quiet.ts';

const COUNT = 1_000;
/** What was just started takes a quarter more processor time for the first of them, until V8 has compiled what they need. */
const WARM_UP = 500;
const PARALLEL = 16;
const GOAL = 2.5;
const QUIET_MS = 20_000;

/** Without Skycap once before and once after, for a machine that becomes slower or quicker meanwhile. */
export async function measureThousand(bench: Bench): Promise<Figure[]> {
  const count = bench.times(COUNT);
  const warmUp = bench.times(WARM_UP);
  await bench.delete(await bench.createMany('bare', warmUp, PARALLEL));
  const before = await bench.withoutSkycap(() => bareCreations(bench, count));
  await bench.createMany('ours', warmUp, PARALLEL);
  await bench.clear();
  await untilQuiet(QUIET_MS);
  const ours = await ourCreations(bench, count);
  await bench.clear();
  const beside = await bareCreations(bench, count);
  const after = await bench.withoutSkycap(() => bareCreations(bench, count));
  const floorMs = (before + after) / 2;
  const baseline = `without Skycap: ${formatMs(before)} before, ${formatMs(after)} after`;
  const figure = (what: string, ms: number, held: boolean): Figure => ({
    what: `${count} Services, ${PARALLEL} at a time: ${what}`,
    measured: `${formatMs(ms)} = ${formatRatio(ms / floorMs)}`,
    baseline,
    ...(held && { goal: `≤ ${formatRatio(GOAL)}`, isMet: ms <= GOAL * floorMs }),
  });
  return [
    figure('last address (in its create call)', ours.addressMs, true),
    figure('last `status.loadBalancer`', ours.statusMs, false),
    figure('last route, FRR', ours.frrMs, true),
    figure('last route, BIRD', ours.birdMs, false),
    figure('Services of another class beside Skycap', beside, false),
    { what: 'processor time for each of them, until its routes', measured: ours.spent },
  ];
}

interface OurCreations {
  readonly addressMs: number;
  readonly statusMs: number;
  readonly frrMs: number;
  readonly birdMs: number;
  /** Processor time, as text. */
  readonly spent: string;
}

async function ourCreations(bench: Bench, count: number): Promise<OurCreations> {
  const cpuBefore = await cpuByProgram(bench.lab.layout);
  const started = performance.now();
  const names = await bench.createMany('ours', count, PARALLEL);
  const addressMs = performance.now() - started;
  const status = await bench.services.published(names, DEADLINE_MS);
  const addresses = bench.services.addressesOf(names);
  const [frr, bird] = await Promise.all([
    bench.frr.allAppeared(addresses, DEADLINE_MS),
    bench.bird.allAppeared(addresses, DEADLINE_MS),
  ]);
  const spent = spentText(cpuBefore, await cpuByProgram(bench.lab.layout), count);
  return { addressMs, statusMs: status - started, frrMs: frr - started, birdMs: bird - started, spent };
}

/** Holds on a busy machine as well. */
function spentText(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>, count: number): string {
  return [...after]
    .map(([program, ms]) => `${program} ${formatMs((ms - (before.get(program) ?? 0)) / count)}`)
    .join(', ');
}

async function bareCreations(bench: Bench, count: number): Promise<number> {
  await untilQuiet(QUIET_MS);
  const started = performance.now();
  const names = await bench.createMany('bare', count, PARALLEL);
  const tookMs = performance.now() - started;
  await bench.delete(names);
  await untilQuiet(QUIET_MS);
  return tookMs;
}
