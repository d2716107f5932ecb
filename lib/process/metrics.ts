/**
 * The metrics of a component: its own, and prom-client's metrics of the process (CPU, memory, garbage collection) without the delays of the event loop. Node measures
 * these by a timer that wakes the process a hundred times a second, which on a busy machine costs more than the work; `event-loop-check.ts` measures them twice a
 * second.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';

/** The longest that a timer of Node's takes. */
const NEVER_MS = 2 ** 31 - 1;
const BY_THAT_TIMER = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'];

/** @param component becomes the label `component` of every metric. */
export function createMetrics(component: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ component });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  for (const name of BY_THAT_TIMER) registry.removeSingleMetric(`nodejs_eventloop_lag_${name}_seconds`);
  return registry;
}
