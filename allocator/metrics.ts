/** The allocator's own metrics. The API requests, the process and the caches have theirs in `lib/`. */
import { Gauge, Histogram, type Registry } from 'prom-client';
import type { Reason } from '../lib/api/reasons.ts';

export type ServiceState = 'assigned' | 'pending';

/** The queues, by what their keys name. */
export type QueueName = 'services' | 'claims' | 'eips' | 'bgp' | 'announced';

export interface AllocatorMetrics {
  service(key: string, state: ServiceState, reason: Reason): void;
  serviceGone(key: string): void;
  eip(name: string, size: number, used: number): void;
  eipGone(name: string): void;
  reconciled(queue: QueueName, result: 'ok' | 'conflict' | 'error', seconds: number): void;
  /** The numbers of Services and Eips are those of the replica that acts; one that does no longer has none. */
  clear(): void;
}

const BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** @param queueLength asked when the metrics are read. */
export function createAllocatorMetrics(
  registry: Registry,
  queueLength: () => Readonly<Partial<Record<QueueName, number>>>,
): AllocatorMetrics {
  const registers = [registry];
  const states = new Map<string, { readonly state: ServiceState; readonly reason: Reason }>();
  const size = new Gauge({
    name: 'skycap_eip_addresses',
    help: 'Addresses of the Eip.',
    labelNames: ['eip'],
    registers,
  });
  const used = new Gauge({
    name: 'skycap_eip_addresses_used',
    help: 'Addresses of the Eip that have a claim.',
    labelNames: ['eip'],
    registers,
  });
  new Gauge({
    name: 'skycap_services',
    help: 'Services of ours, by whether they have their address and why (docs/reasons.md).',
    labelNames: ['state', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const labels of states.values()) this.inc(labels);
    },
  });
  new Gauge({
    name: 'skycap_allocator_queue_length',
    help: 'Keys that wait for a worker.',
    labelNames: ['queue'],
    registers,
    collect() {
      this.reset();
      for (const [queue, length] of Object.entries(queueLength())) this.set({ queue }, length);
    },
  });
  const seconds = new Histogram({
    name: 'skycap_allocator_reconcile_seconds',
    help: 'Time for one key, API requests included.',
    labelNames: ['queue', 'result'],
    buckets: BUCKETS_SECONDS,
    registers,
  });
  return {
    service: (key, state, reason) => void states.set(key, { state, reason }),
    serviceGone: (key) => void states.delete(key),
    eip: (name, total, taken) => {
      size.set({ eip: name }, total);
      used.set({ eip: name }, taken);
    },
    eipGone: (name) => {
      size.remove({ eip: name });
      used.remove({ eip: name });
    },
    reconciled: (queue, result, took) => seconds.observe({ queue, result }, took),
    clear: () => {
      states.clear();
      size.reset();
      used.reset();
    },
  };
}
