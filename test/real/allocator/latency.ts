/** From the create call to the address in the status, as a watch of the test's own sees it. */
import type { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { SERVICES } from '../../../lib/kube/resource.ts';
import { until } from '../../support/eventually.ts';
import { publishedBy, serviceObject } from './harness.ts';

export interface Latency {
  readonly statusP50Ms: number;
  readonly statusP99Ms: number;
  /** The create call alone. */
  readonly creationP50Ms: number;
}

/** Creates Services one after another in the namespace. */
export async function measureLatency(
  client: HttpKubeClient,
  namespace: string,
  count: number,
  annotations: Record<string, string> = {},
): Promise<Latency> {
  const stop = new AbortController();
  const { resourceVersion } = await client.list(SERVICES, { namespace });
  const arrived = new Map<string, number>();
  const options = { namespace, resourceVersion, timeoutSeconds: 60, signal: stop.signal };
  const events = await client.watch(SERVICES, options);
  const watching = (async () => {
    for await (const event of events) {
      if (event.type === 'bookmark' || publishedBy(event.object) === '') continue;
      const name = event.object.metadata.name ?? '';
      if (!arrived.has(name)) arrived.set(name, performance.now());
    }
  })().catch(() => {});
  const statuses: number[] = [];
  const creations: number[] = [];
  for (let i = 0; i < count; i++) {
    const name = `latency-${i}`;
    const startedMs = performance.now();
    await client.create(SERVICES, serviceObject(`${namespace}/${name}`, annotations));
    creations.push(performance.now() - startedMs);
    await until(`${name} has its address`, () => arrived.has(name), { everyMs: 5 });
    statuses.push((arrived.get(name) ?? 0) - startedMs);
  }
  stop.abort();
  await watching;
  return {
    statusP50Ms: quantile(statuses, 0.5),
    statusP99Ms: quantile(statuses, 0.99),
    creationP50Ms: quantile(creations, 0.5),
  };
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.floor((sorted.length - 1) * q)] ?? Number.NaN) * 10) / 10;
}
