/** 1,000 Services created 16 at a time: until the last has its address, and until the last route is in the routers' kernels. */
import { type Bench, type Created, DEADLINE_MS } from '../bench.ts';
import { type Figure, formatMs, formatRatio } from '../figures.ts';
import { inParallel } from '../in-parallel.ts';
import { cpuByProgram } from '../processes.ts';
import { untilQuiet } from '../quiet.ts';

const COUNT = 1_000;
/** What was just started takes a quarter more processor time for the first of them, until V8 has compiled what they need. */
const WARM_UP = 500;
const PARALLEL = 16;
const GOAL = 2.5;
const QUIET_MS = 20_000;

/** The bare ones once before and once after, for a machine that becomes slower or quicker meanwhile. */
export async function measureThousand(bench: Bench): Promise<Figure[]> {
  const count = bench.times(COUNT);
  await createMany(bench, 'ours', bench.times(WARM_UP));
  await bench.clear();
  const before = await bareCreations(bench, count);
  const cpuBefore = await cpuByProgram(bench.lab.layout);
  const started = performance.now();
  const created = await createMany(bench, 'ours', count);
  const answered = performance.now() - started;
  const names = created.map(({ name }) => name);
  const status = await bench.services.published(names, DEADLINE_MS);
  const addresses = bench.services.addressesOf(names);
  const [frr, bird] = await Promise.all([
    bench.frr.allAppeared(addresses, DEADLINE_MS),
    bench.bird.allAppeared(addresses, DEADLINE_MS),
  ]);
  const spent = spentText(cpuBefore, await cpuByProgram(bench.lab.layout), count);
  await bench.clear();
  const after = await bareCreations(bench, count);
  const bareMs = (before + after) / 2;
  const baseline = `bare creations alone: ${formatMs(before)} before, ${formatMs(after)} after`;
  const figure = (what: string, ms: number, held: boolean): Figure => ({
    what: `${count} Services, ${PARALLEL} at a time: ${what}`,
    measured: `${formatMs(ms)} = ${formatRatio(ms / bareMs)}`,
    baseline,
    ...(held && { goal: `≤ ${formatRatio(GOAL)}`, isMet: ms <= GOAL * bareMs }),
  });
  return [
    figure('last address (in its create call)', answered, true),
    figure('last `status.loadBalancer`', status - started, false),
    figure('last route, FRR', frr - started, true),
    figure('last route, BIRD', bird - started, false),
    { what: 'processor time for each of them, until its routes', measured: spent },
  ];
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
  await createMany(bench, 'bare', count);
  const tookMs = performance.now() - started;
  await bench.clear();
  await untilQuiet(QUIET_MS);
  return tookMs;
}

async function createMany(bench: Bench, kind: 'ours' | 'bare', count: number): Promise<Created[]> {
  const created: Created[] = [];
  await inParallel(PARALLEL, Array.from({ length: count }), async () => created.push(await bench.create(kind)));
  return created;
}
