/**
 * What the webhook adds to a creation on a cluster that does nothing else. A creation of Skycap's has a claim in it, so what such a claim takes when
 * nobody but the benchmark writes it stands beside: the least that can be added.
 */
import type { Bench } from '../bench.ts';
import { type Figure, formatMs } from '../figures.ts';
import { untilQuiet } from '../quiet.ts';
import { type Distribution, distributionOf, formatDistribution } from '../statistics.ts';

const CREATIONS = 200;
const WARM_UP = 20;
const GOAL_P50_MS = 4;
const GOAL_P99_MS = 12;

const KINDS = ['bare', 'ours', 'claim'] as const;
type Kind = (typeof KINDS)[number];
type Round = Readonly<Record<Kind, Distribution>>;

const TOOK_MS: Readonly<Record<Kind, (bench: Bench) => Promise<number>>> = {
  bare: async (bench) => (await bench.create('bare')).tookMs,
  // What follows a creation (status, routes) shall not be part of the next one's time.
  ours: async (bench) => (await bench.createAndFollow()).tookMs,
  claim: (bench) => bench.createClaim(),
};

/** All kinds in turn, each when the machine has come to rest after the one before, so that what disturbs one disturbs the other as often. */
export async function measureCreation(bench: Bench): Promise<Figure[]> {
  await round(bench, bench.quick ? 5 : WARM_UP);
  return [addedBy('creation latency added by the webhook, idle cluster', await round(bench, bench.times(CREATIONS)))];
}

function addedBy(what: string, { bare, ours, claim }: Round): Figure {
  const added = { p50: ours.p50 - bare.p50, p99: ours.p99 - bare.p99 };
  return {
    what,
    measured: `${formatDistribution(added)} (with it: ${formatDistribution(ours)}; n=${ours.count})`,
    baseline: `bare API server: ${formatDistribution(bare)}; a claim written alone: ${formatDistribution(claim)}`,
    goal: `p50 ≤ ${formatMs(GOAL_P50_MS)}, p99 ≤ ${formatMs(GOAL_P99_MS)}`,
    isMet: added.p50 <= GOAL_P50_MS && added.p99 <= GOAL_P99_MS,
  };
}

async function round(bench: Bench, count: number): Promise<Round> {
  const times: Record<Kind, number[]> = { bare: [], ours: [], claim: [] };
  for (let i = 0; i < count; i++) {
    // Who comes first changes, since the one that comes second finds warmer caches.
    for (const kind of i % 2 === 0 ? KINDS : KINDS.toReversed()) {
      await untilQuiet();
      times[kind].push(await TOOK_MS[kind](bench));
    }
  }
  await bench.clear();
  return { bare: distributionOf(times.bare), ours: distributionOf(times.ours), claim: distributionOf(times.claim) };
}
