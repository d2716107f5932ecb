/**
 * What the webhook adds to a creation on a cluster that does nothing else, against the same cluster without Skycap. A creation of Skycap's contains a
 * claim, so the time of a claim that the benchmark writes without Skycap stands beside: the least that can be added.
 */
import type { Bench } from '../bench.ts';
import { type Figure, formatMs } from '../figures.ts';
import { untilQuiet } from '../quiet.ts';
import { distributionOf, formatDistribution } from '../statistics.ts';

const CREATIONS = 200;
const WARM_UP = 20;
const GOAL_P50_MS = 4;
const GOAL_P99_MS = 12;

const KINDS = ['bare', 'ours', 'claim'] as const;
type Kind = (typeof KINDS)[number];
type Times = Record<Kind, number[]>;

const TOOK_MS: Readonly<Record<Kind, (bench: Bench) => Promise<number>>> = {
  bare: (bench) => bench.createBareAndDelete(),
  // The status and the routes that follow a creation must not fall into the next one's time.
  ours: async (bench) => (await bench.createAndFollow()).tookMs,
  claim: (bench) => bench.createClaim(),
};

/** Without Skycap once before and once after, for a machine that becomes slower or quicker meanwhile. */
export async function measureCreation(bench: Bench): Promise<Figure[]> {
  const count = bench.times(CREATIONS);
  const floor: Times = { bare: [], ours: [], claim: [] };
  const beside: Times = { bare: [], ours: [], claim: [] };
  await bench.withoutSkycap(() => round(bench, ['bare', 'claim'], count / 2, floor));
  await round(bench, ['bare', 'ours'], count, beside);
  await bench.clear();
  await bench.withoutSkycap(() => round(bench, ['bare', 'claim'], count / 2, floor));
  return figures(floor, beside);
}

function figures(floor: Times, beside: Times): Figure[] {
  const bare = distributionOf(floor.bare);
  const ours = distributionOf(beside.ours);
  const added = { p50: ours.p50 - bare.p50, p99: ours.p99 - bare.p99 };
  const baseline = `without Skycap: ${formatDistribution(bare)}`;
  return [
    {
      what: 'creation latency added by the webhook, idle cluster',
      measured: `${formatDistribution(added)} (with it: ${formatDistribution(ours)}; n=${ours.count})`,
      baseline: `${baseline}; a claim written alone: ${formatDistribution(distributionOf(floor.claim))}`,
      goal: `p50 ≤ ${formatMs(GOAL_P50_MS)}, p99 ≤ ${formatMs(GOAL_P99_MS)}`,
      isMet: added.p50 <= GOAL_P50_MS && added.p99 <= GOAL_P99_MS,
    },
    {
      what: 'creation of a Service of another class beside Skycap, idle cluster',
      measured: formatDistribution(distributionOf(beside.bare)),
      baseline,
    },
  ];
}

/** All kinds in turn, each when the machine has come to rest after the one before, so that a disturbance meets all of them as often. */
async function round(bench: Bench, kinds: readonly Kind[], count: number, times: Times): Promise<void> {
  const warmUp = bench.quick ? 5 : WARM_UP;
  for (let i = -warmUp; i < count; i++) {
    // Who comes first changes, since the one that comes second finds warmer caches.
    for (const kind of i % 2 === 0 ? kinds : kinds.toReversed()) {
      await untilQuiet();
      const tookMs = await TOOK_MS[kind](bench);
      if (i >= 0) times[kind].push(tookMs);
    }
  }
}
