/** A speaker's pod that starts anew, BIRD included, among many Services: from the start of its first process to its last route at the router. */
import { SKYCAP_NAMESPACE } from '../../lab/install.ts';
import { eventually } from '../../lab/poll.ts';
import type { Bench } from '../bench.ts';
import { type Figure, formatMs } from '../figures.ts';
import { type SkycapProcess, skycapProcesses, startedAtMs } from '../processes.ts';
import { untilQuiet } from '../quiet.ts';
import type { RoutePresence } from '../route-presence.ts';

const NODE = 'n3';
const GOAL_MS = 5_000;
const DEADLINE_MS = 180_000;
const QUIET_MS = 20_000;
const RUNS = 3;

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly nodeName: string };
  }[];
}

/** One node alone has sessions then, so that a route is there or is not; that is put right again at the end. */
export async function measureStart(bench: Bench, count: number): Promise<Figure[]> {
  await bench.selectNodes(NODE);
  const bird: number[] = [];
  try {
    for (let run = 0; run < (bench.quick ? 1 : RUNS); run++) {
      await settled(bench, count);
      const old = new Set((await processesOn(bench)).map(({ pid }) => pid));
      await deleteSpeakerPod(bench);
      // The session ends with the pod. This router keeps nothing of a neighbour that is gone, so every route comes anew; FRR would keep them.
      const started = await startOf(bench, old);
      bird.push(await lastRoute(bench.bird, started, count));
    }
  } finally {
    await bench.selectNodes(undefined);
  }
  const worst = (times: readonly number[]) => Math.max(...times);
  const runs = (times: readonly number[]) => `${formatMs(worst(times))} (worst of ${times.length})`;
  return [
    {
      what: `speaker start with ${count} Services: last route at the router, BIRD`,
      measured: runs(bird),
      goal: `≤ ${formatMs(GOAL_MS)}`,
      isMet: worst(bird) <= GOAL_MS,
    },
  ];
}

async function settled(bench: Bench, count: number): Promise<void> {
  await lastRoute(bench.bird, Number.NEGATIVE_INFINITY, count);
  await untilQuiet(QUIET_MS);
}

/** @returns how long after `started` the last of so many routes appeared. */
async function lastRoute(watch: RoutePresence, started: number, count: number): Promise<number> {
  const times = await eventually(
    () => {
      const since = watch.since(started);
      return since.length >= count ? since : Promise.reject(new Error(`now ${since.length}`));
    },
    { what: `${count} routes after the start`, deadlineMs: DEADLINE_MS },
  );
  return times.reduce((latest, atMs) => Math.max(latest, atMs), 0) - started;
}

async function deleteSpeakerPod(bench: Bench): Promise<void> {
  const selector = encodeURIComponent('app.kubernetes.io/component=speaker');
  const pods = `/api/v1/namespaces/${SKYCAP_NAMESPACE}/pods`;
  const { items } = await bench.lab.api.get<PodList>(`${pods}?labelSelector=${selector}`);
  const pod = items.find(({ spec }) => spec.nodeName === NODE);
  if (!pod) throw new Error(`Cannot measure: there is no speaker on ${NODE}`);
  await bench.lab.api.delete(`${pods}/${pod.metadata.name}`);
}

/** @returns when the first process of the new pod was started. */
async function startOf(bench: Bench, old: ReadonlySet<number>): Promise<number> {
  const speaker = await eventually(
    async () => (await processesOn(bench)).find(({ pid, component }) => component === 'speaker' && !old.has(pid)),
    { what: `a new speaker on ${NODE}`, deadlineMs: DEADLINE_MS, intervalMs: 20 },
  );
  return startedAtMs(speaker);
}

async function processesOn(bench: Bench): Promise<SkycapProcess[]> {
  return (await skycapProcesses(bench.lab.layout)).filter(({ node }) => node === NODE);
}
