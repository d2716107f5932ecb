/** The metrics of a component: its own, and what prom-client knows of the process (CPU, memory, event loop lag, garbage collection). */
import { collectDefaultMetrics, Registry } from 'prom-client';

/** @param component becomes the label `component` of every metric. */
export function createMetrics(component: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ component });
  collectDefaultMetrics({ register: registry });
  return registry;
}
