/** The allocator's own metrics. The API requests, the process and the caches have theirs in `lib/`. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EipStatus } from '../lib/api/eip/eip-types.ts';
import type { Condition } from '../lib/api/meta/object.ts';
import type { Reason } from '../lib/api/reasons.ts';

export type ServiceState = 'assigned' | 'pending';

/** The queues, by what their keys name. */
export type QueueName = 'services' | 'claims' | 'eips' | 'bgp' | 'announced';

export interface AllocatorMetrics {
  service(key: string, state: ServiceState, reason: Reason): void;
  serviceGone(key: string): void;
  announced(key: string, status: Condition['status'], reason: Reason): void;
  announcedGone(key: string): void;
  eip(name: string, status: Pick<EipStatus, 'poolSize' | 'usage' | 'reserved' | 'waiting'>): void;
  eipGone(name: string): void;
  /** The reason of each finding of the preflight. */
  preflight(reasons: readonly Reason[]): void;
  reconciled(queue: QueueName, result: 'ok' | 'conflict' | 'error', seconds: number): void;
  historyEntries(outcome: 'written' | 'dropped', count: number): void;
  /** The numbers of Services and Eips are those of the replica that acts; one that does no longer has none. */
  clear(): void;
}

type Counted<L extends string> = ReadonlyMap<string, Readonly<Record<L | 'reason', string>>>;

const BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** @param queueLength asked when the metrics are read. */
export function createAllocatorMetrics(
  registry: Registry,
  queueLength: () => Readonly<Partial<Record<QueueName, number>>>,
): AllocatorMetrics {
  const registers = [registry];
  const states = new Map<string, { readonly state: ServiceState; readonly reason: Reason }>();
  const announced = new Map<string, { readonly status: Condition['status']; readonly reason: Reason }>();
  const ofEip = (name: string, help: string): Gauge<'eip'> => new Gauge({ name, help, labelNames: ['eip'], registers });
  const size = ofEip('skycap_eip_addresses', 'Addresses of the Eip.');
  const used = ofEip('skycap_eip_addresses_used', 'Addresses of the Eip that have a claim.');
  const reserved = ofEip('skycap_eip_addresses_reserved', 'Addresses of the Eip that nobody has and nobody is given.');
  const waiting = ofEip('skycap_eip_services_waiting', 'Services that wait for an address of the Eip.');
  const gauges = [size, used, reserved, waiting];
  const findings = new Gauge({
    ...{ name: 'skycap_preflight_findings', help: 'Findings of the preflight, by reason (docs/reasons.md).' },
    ...{ labelNames: ['reason'], registers },
  });
  const countOf = <L extends string>(name: string, help: string, labels: L, of: Counted<L>) =>
    new Gauge<L | 'reason'>({
      ...{ name, help, labelNames: [labels, 'reason'], registers },
      collect() {
        this.reset();
        for (const one of of.values()) this.inc(one);
      },
    });
  const has = 'by whether they have their address and why (docs/reasons.md)';
  countOf('skycap_services', `Services of ours, ${has}.`, 'state', states);
  countOf(
    'skycap_services_announced',
    'Services of ours, by their condition skycap.io/Announced.',
    'status',
    announced,
  );
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
    announced: (key, status, reason) => void announced.set(key, { status, reason }),
    announcedGone: (key) => void announced.delete(key),
    eip: (name, status) => {
      size.set({ eip: name }, status.poolSize ?? 0);
      used.set({ eip: name }, status.usage ?? 0);
      reserved.set({ eip: name }, status.reserved ?? 0);
      waiting.set({ eip: name }, status.waiting ?? 0);
    },
    eipGone: (name) => {
      for (const gauge of gauges) gauge.remove({ eip: name });
    },
    preflight: (reasons) => {
      findings.reset();
      for (const reason of reasons) findings.inc({ reason });
    },
    historyEntries: historyCounter(registers),
    reconciled: (queue, result, took) => seconds.observe({ queue, result }, took),
    clear: () => {
      states.clear();
      announced.clear();
      for (const gauge of [...gauges, findings]) gauge.reset();
    },
  };
}

function historyCounter(registers: Registry[]): AllocatorMetrics['historyEntries'] {
  const counter = new Counter({
    name: 'skycap_allocator_history_entries_total',
    help: 'Former holders of addresses, by whether their entry was written.',
    labelNames: ['outcome'],
    registers,
  });
  return (outcome, count) => counter.inc({ outcome }, count);
}
