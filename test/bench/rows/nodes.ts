/**
 * What a change costs the API server in a cluster of many nodes, and by which law that grows: real speakers without BIRD, thousands in this
 * process, against an API server of their own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure } from '../figures.ts';
import { type Load, loadSince, mark } from '../fleet/api-server-load.ts';
import { Fleet } from '../fleet/fleet.ts';
import type { BenchOptions } from '../options.ts';
import { cpuMs, residentBytes } from '../processes.ts';
import { fitLine } from '../statistics.ts';

const STEPS = [500, 1_000, 2_000, 5_000] as const;
const QUICK_STEPS = [50, 100] as const;
const SERVICES = 10;
const CHANGES = 5;
/** Of `Local` Services, one each, on the node that is lost. */
const LOST_ENDPOINTS = 5;
const REST_MS = 15_000;
/** What a change leaves: a second look of each report, the allocator's sums. */
const SETTLE_MS = 4_000;

interface Step {
  readonly nodes: number;
  readonly rest: Load;
  /** Until every node announces it. */
  readonly created: Load;
  /** What comes after that, when the nodes write how many they announce: once for all Services that came meanwhile. */
  readonly counted: Load;
  readonly touched: Load;
  readonly lost: Load;
  readonly allocatorCpuMs: number;
  readonly apiServerBytes: number;
}

export async function measureNodes(
  { quick, mostNodes }: BenchOptions,
  note: (text: string) => void,
): Promise<Figure[]> {
  const steps: Step[] = [];
  await using fleet = await Fleet.start();
  await fleet.growTo(2);
  for (let i = 0; i < SERVICES; i++) await fleet.addService();
  await fleet.allAnnounce(SERVICES);
  await fleet.allReported();
  let announced = SERVICES;
  for (const nodes of (quick ? QUICK_STEPS : STEPS).filter((one) => one <= mostNodes)) {
    note(`${nodes} nodes`);
    await fleet.growTo(nodes);
    await sleep(SETTLE_MS);
    steps.push(await measureStep(fleet, nodes, announced));
    announced += CHANGES;
    note(`${nodes} nodes: ${JSON.stringify(steps.at(-1))}`);
  }
  return figuresOf(steps);
}

async function measureStep(fleet: Fleet, nodes: number, announced: number): Promise<Step> {
  const { plane } = fleet;
  const beforeRest = await mark(plane);
  await sleep(REST_MS);
  const rest = await loadSince(plane, beforeRest);
  const restShare = rest.cpuMs / REST_MS;

  const allocatorBefore = await cpuMs(fleet.allocator.pid);
  const beforeAll = await mark(plane);
  for (let i = 1; i <= CHANGES; i++) {
    await fleet.addService();
    await fleet.allAnnounce(announced + i);
  }
  const created = shareOf(await loadSince(plane, beforeAll, restShare), CHANGES);
  const counted = await during(fleet, restShare, 1, () => fleet.allReported());
  const allocatorCpuMs = ((await cpuMs(fleet.allocator.pid)) - allocatorBefore) / CHANGES;
  const touched = await during(fleet, restShare, CHANGES, () => fleet.touchService('service-1'));

  const lost = await measureLoss(fleet, restShare);
  return {
    nodes,
    rest,
    created,
    counted,
    touched,
    lost,
    allocatorCpuMs,
    apiServerBytes: await residentBytes(plane.apiServerPid),
  };
}

/** The node has the only endpoint of some `Local` Services, which are gone again afterwards. */
async function measureLoss(fleet: Fleet, restShare: number): Promise<Load> {
  const { nodeName } = fleet.speakers.at(-1)!;
  await using locals = await fleet.localServices(nodeName, LOST_ENDPOINTS);
  await sleep(SETTLE_MS);
  // Awaited here, or the Services were gone before.
  return await during(fleet, restShare, 1, () => fleet.loseNode(nodeName, locals.slices));
}

/** @returns the load of one change, on average. */
async function during(
  fleet: Fleet,
  restShare: number,
  count: number,
  change: (index: number) => Promise<unknown>,
): Promise<Load> {
  const before = await mark(fleet.plane);
  for (let i = 0; i < count; i++) await change(i);
  await sleep(SETTLE_MS);
  return shareOf(await loadSince(fleet.plane, before, restShare), count);
}

function shareOf({ cpuMs, requests, watchEvents, watchBytes }: Load, count: number): Load {
  const each = (value: number) => value / count;
  return { cpuMs: each(cpuMs), requests: each(requests), watchEvents: each(watchEvents), watchBytes: each(watchBytes) };
}

function figuresOf(steps: readonly Step[]): Figure[] {
  const figure = (what: string, of: (step: Step) => Load): Figure[] => [
    ...steps.map((step) => ({ what: `${what}, ${step.nodes} nodes`, measured: loadText(of(step)) })),
    ...(steps.length > 1 ? [{ what: `${what}, the law`, measured: lawText(steps, of) }] : []),
  ];
  return [
    ...figure('API server: a Service is created and announced by all', ({ created }) => created),
    ...figure('API server: the nodes write their counts', ({ counted }) => counted),
    ...figure('API server: a Service is changed, nothing to do', ({ touched }) => touched),
    ...figure(`API server: a node is lost, with an endpoint of ${LOST_ENDPOINTS} Services`, ({ lost }) => lost),
    ...steps.map(({ nodes, rest, allocatorCpuMs, apiServerBytes }) => ({
      what: `at rest, ${nodes} nodes`,
      measured:
        `API server ${((rest.cpuMs / REST_MS) * 100).toFixed(1)} % of a processor, ${((rest.requests * 60_000) / REST_MS).toFixed(0)} requests a minute, ` +
        `${(apiServerBytes / 1e6).toFixed(0)} MB; allocator ${allocatorCpuMs.toFixed(0)} ms a created Service`,
    })),
  ];
}

function loadText({ cpuMs, requests, watchEvents, watchBytes }: Load): string {
  return `${cpuMs.toFixed(0)} ms of processor, ${requests.toFixed(0)} requests, ${watchEvents.toFixed(0)} watch events, ${(watchBytes / 1e6).toFixed(2)} MB of them`;
}

/** Straight lines in the number of nodes: `a + b · nodes`. */
function lawText(steps: readonly Step[], of: (step: Step) => Load): string {
  const law = (value: (load: Load) => number) => fitLine(steps.map((step) => [step.nodes, value(of(step))] as const));
  const cpu = law((load) => load.cpuMs);
  const requests = law((load) => load.requests);
  const bytes = law((load) => load.watchBytes);
  return `${cpu.offset.toFixed(0)} ms + ${(cpu.slope * 1000).toFixed(0)} µs a node; ${requests.slope.toFixed(2)} requests and ${(bytes.slope / 1000).toFixed(2)} kB of events a node`;
}
