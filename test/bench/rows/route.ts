/** From sending the create call to the address in the status, and to the route in the kernel of a router with FRR and of one with BIRD. */
import type { Bench } from '../bench.ts';
import { type Figure, formatMs } from '../figures.ts';
import { untilQuiet } from '../quiet.ts';
import { distributionOf, formatDistribution } from '../statistics.ts';

const CREATIONS = 100;
const GOAL_STATUS_MS = 20;
const GOAL_ROUTE_MS = 75;

/** One Service at a time, each when the machine has come to rest. */
export async function measureRoute(bench: Bench): Promise<Figure[]> {
  const bare: number[] = [];
  const status: number[] = [];
  const frr: number[] = [];
  const bird: number[] = [];
  for (let i = 0; i < bench.times(CREATIONS); i++) {
    await untilQuiet();
    bare.push((await bench.create('bare')).tookMs);
    await untilQuiet();
    const { statusMs, frrMs, birdMs } = await bench.createAndFollow();
    status.push(statusMs);
    frr.push(frrMs);
    bird.push(birdMs);
  }
  await bench.clear();
  const baseline = `bare create: ${formatDistribution(distributionOf(bare))}`;
  return [
    figure('create → `status.loadBalancer` (by watch)', status, baseline, GOAL_STATUS_MS),
    figure('create → route in the router’s kernel, FRR', frr, baseline, GOAL_ROUTE_MS),
    figure('create → route in the router’s kernel, BIRD', bird, baseline),
  ];
}

function figure(what: string, samples: readonly number[], baseline: string, goalMs?: number): Figure {
  const times = distributionOf(samples);
  const measured = `${formatDistribution(times)} (n=${times.count})`;
  if (goalMs === undefined) return { what, measured, baseline };
  return { what, measured, baseline, goal: `p50 ≤ ${formatMs(goalMs)}`, isMet: times.p50 <= goalMs };
}
