/** What the API server did in between: its processor time from outside, its requests and its watch events from its own metrics. */
import type { ControlPlane } from '../../support/control-plane.ts';
import { cpuMs } from '../processes.ts';

export interface Load {
  readonly cpuMs: number;
  readonly requests: number;
  readonly watchEvents: number;
  /** Of the watch events' objects. */
  readonly watchBytes: number;
}

export interface Marks {
  readonly cpuMs: number;
  readonly metrics: ReadonlyMap<string, number>;
  readonly atMs: number;
}

const COUNTERS = ['apiserver_request_total', 'apiserver_watch_events_total', 'apiserver_watch_events_sizes_sum'];

/** Asking costs the API server something as well, so the clock is read after it here, and before it in {@link loadSince}. */
export async function mark(plane: ControlPlane): Promise<Marks> {
  const metrics = sumsOf(await plane.kubectl(['get', '--raw', '/metrics']));
  return { metrics, cpuMs: await cpuMs(plane.apiServerPid), atMs: performance.now() };
}

/** @param restCpuShare processor time a time that it takes at rest; taken off. */
export async function loadSince(plane: ControlPlane, before: Marks, restCpuShare = 0): Promise<Load> {
  const nowMs = performance.now();
  const cpu = (await cpuMs(plane.apiServerPid)) - before.cpuMs;
  const metrics = sumsOf(await plane.kubectl(['get', '--raw', '/metrics']));
  const grown = (name: string) => (metrics.get(name) ?? 0) - (before.metrics.get(name) ?? 0);
  return {
    cpuMs: cpu - restCpuShare * (nowMs - before.atMs),
    // The look at the metrics itself is one of them.
    requests: grown('apiserver_request_total') - 1,
    watchEvents: grown('apiserver_watch_events_total'),
    watchBytes: grown('apiserver_watch_events_sizes_sum'),
  };
}

/** The sums over all labels of the counters that are looked at. */
export function sumsOf(text: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of text.split('\n')) {
    const name = COUNTERS.find((one) => line.startsWith(`${one}{`) || line.startsWith(`${one} `));
    if (name) sums.set(name, (sums.get(name) ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1)));
  }
  return sums;
}
