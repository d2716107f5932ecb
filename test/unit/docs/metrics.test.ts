/** docs/metrics.md has a row for each metric of Skycap's, with its type and labels, and no other row. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { createAllocatorMetrics } from '../../../allocator/metrics.ts';
import { createReflectorMetrics } from '../../../lib/kube/cache/reflector-metrics.ts';
import { EventRecorder } from '../../../lib/kube/events/events.ts';
import { createRequestMetrics } from '../../../lib/kube/http/request-metrics.ts';
import { EventLoopCheck } from '../../../lib/process/health/event-loop-check.ts';
import { registerResponderMetrics } from '../../../speaker/l2/responder/responder-metrics.ts';
import { speakerMetrics } from '../../../speaker/metrics.ts';
import { webhookMetrics } from '../../../webhook/admission/metrics.ts';
import { logSink } from '../../support/log-sink.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8');
const rows = [...page.matchAll(/^\| `(skycap_\w+)` \| (\w+) \| (.*?) ?\| /gm)].map(
  ([, name = '', type = '', labels = '']) =>
    [name, type, labels.split(', ').flatMap((label) => label.replaceAll('`', '') || [])] as const,
);

interface Described {
  readonly name: string;
  readonly labelNames?: readonly string[];
}

function registered(): readonly (readonly [string, string, readonly string[]])[] {
  const registry = new Registry();
  speakerMetrics(registry);
  createAllocatorMetrics(registry, () => ({}));
  webhookMetrics(registry);
  registerResponderMetrics(registry, new Map() as never);
  createRequestMetrics(registry);
  createReflectorMetrics(registry, 'x');
  new EventLoopCheck({ monotonicMs: () => 0, registry }).stop();
  new EventRecorder({ client: undefined as never, controller: 'x', instance: 'x', log: logSink().log, registry });
  return registry.getMetricsAsArray().map((metric) => {
    const { name, labelNames = [] } = metric as unknown as Described;
    return [name, metric.constructor.name.toLowerCase(), labelNames];
  });
}

test('the page lists each metric with its type and labels', () => {
  const leader = ['skycap_leader', 'gauge', []];
  expect(rows.toSorted()).toEqual([...registered(), leader].toSorted());
});

test('names follow the rules of Prometheus', () => {
  for (const [name, type] of rows) {
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
  }
});
