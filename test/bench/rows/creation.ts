/** What the webhook adds to a creation on a cluster that does nothing else. */
import type { Bench } from '../bench.ts';
import { type Figure, formatMs } from '../figures.ts';
import { untilQuiet } from '../quiet.ts';
import { type Distribution, distributionOf, formatDistribution } from '../statistics.ts';

const CREATIONS = 200;
const WARM_UP = 20;
const GOAL_P50_MS = 4;
const GOAL_P99_MS = 12;

/** Both kinds in turn, each when the machine has come to rest after the one before, so that what disturbs one disturbs the other as often. */
export async function measureCreation(bench: Bench): Promise<Figure[]> {
  await round(bench, bench.quick ? 5 : WARM_UP);
  const { bare, ours } = await round(bench, bench.times(CREATIONS));
  return [addedBy('creation latency added by the webhook, idle cluster', bare, ours)];
}

function addedBy(what: string, bare: Distribution, ours: Distribution): Figure {
  const added = { p50: ours.p50 - bare.p50, p99: ours.p99 - bare.p99 };
  return {
    what,
    measured: `${formatDistribution(added)} (with it: ${formatDistribution(ours)}; n=${ours.count})`,
    baseline: `bare API server: ${formatDistribution(bare)}`,
    goal: `p50 ≤ ${formatMs(GOAL_P50_MS)}, p99 ≤ ${formatMs(GOAL_P99_MS)}`,
    isMet: added.p50 <= GOAL_P50_MS && added.p99 <= GOAL_P99_MS,
  };
}

async function round(
  bench: Bench,
  count: number,
): Promise<{ readonly bare: Distribution; readonly ours: Distribution }> {
  const times = { bare: [] as number[], ours: [] as number[] };
  for (let i = 0; i < count; i++) {
    // Who comes first changes, since the one that comes second finds warmer caches.
    for (const kind of i % 2 === 0 ? (['bare', 'ours'] as const) : (['ours', 'bare'] as const)) {
      await untilQuiet();
      // What follows a creation (status, routes) shall not be part of the next one's time.
      const { tookMs } = kind === 'ours' ? await bench.createAndFollow() : await bench.create('bare');
      times[kind].push(tookMs);
    }
  }
  await bench.clear();
  return { bare: distributionOf(times.bare), ours: distributionOf(times.ours) };
}
