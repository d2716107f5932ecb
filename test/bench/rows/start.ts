/** A speaker's pod that starts anew, BIRD included, among many Services: from the start of its first process to its last route at the router. */
import { waitForSessions } from '../../lab/demo.ts';
import { SKYCAP_NAMESPACE } from '../../lab/install.ts';
import { ROUTER_AS } from '../../lab/layout.ts';
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
  await keepRoutesOfTheGone(bench, false);
  const frr: number[] = [];
  const bird: number[] = [];
  try {
    for (let run = 0; run < (bench.quick ? 1 : RUNS); run++) {
      await settled(bench, count);
      const old = new Set((await processesOn(bench)).map(({ pid }) => pid));
      await deleteSpeakerPod(bench);
      // The sessions end with the pod, and the routes with them.
      await Promise.all([bench.bird.atMost(0, DEADLINE_MS), bench.frr.atMost(0, DEADLINE_MS)]);
      const started = await startOf(bench, old);
      frr.push(await lastRoute(bench.frr, started, count));
      bird.push(await lastRoute(bench.bird, started, count));
    }
  } finally {
    await keepRoutesOfTheGone(bench, true);
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
    { what: 'the same, FRR', measured: runs(frr) },
  ];
}

async function settled(bench: Bench, count: number): Promise<void> {
  for (const watch of [bench.frr, bench.bird]) await lastRoute(watch, Number.NEGATIVE_INFINITY, count);
  await untilQuiet(QUIET_MS);
}

/** A router that helps a neighbour to restart keeps its routes meanwhile; then none could be seen to come. */
async function keepRoutesOfTheGone(bench: Bench, keep: boolean): Promise<void> {
  const { router } = bench.lab;
  const command = `${keep ? 'no ' : ''}bgp graceful-restart-disable`;
  await router.vtysh('configure terminal', `router bgp ${ROUTER_AS}`, command);
  await router.vtysh('clear bgp *');
  await waitForSessions(bench.lab, 1);
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
