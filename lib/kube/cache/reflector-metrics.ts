/** The metrics of a {@link Reflector}. */
import type { Registry } from 'prom-client';
import { sharedCounter, sharedGauge } from '../../process/shared-metric.ts';

export interface ReflectorMetrics {
  listed(): void;
  watched(): void;
  /** @param code the HTTP status, or `unreachable`, or `unreadable`. */
  failed(code: string): void;
  objects(count: number): void;
}

export function createReflectorMetrics(registry: Registry | undefined, reflector: string): ReflectorMetrics {
  if (!registry) return { listed: () => {}, watched: () => {}, failed: () => {}, objects: () => {} };
  const labelNames = ['reflector'] as const;
  const lists = sharedCounter(registry, {
    name: 'skycap_reflector_lists_total',
    help: 'Complete lists taken in.',
    labelNames,
  });
  const watches = sharedCounter(registry, {
    name: 'skycap_reflector_watches_total',
    help: 'Watches accepted by the API server.',
    labelNames,
  });
  const errors = sharedCounter(registry, {
    name: 'skycap_reflector_errors_total',
    help: 'Lists and watches that failed or broke off.',
    labelNames: ['reflector', 'code'] as const,
  });
  const objects = sharedGauge(registry, {
    name: 'skycap_reflector_objects',
    help: 'Objects in the cache.',
    labelNames,
  });
  return {
    listed: () => lists.inc({ reflector }),
    watched: () => watches.inc({ reflector }),
    failed: (code) => errors.inc({ reflector, code }),
    objects: (count) => objects.set({ reflector }, count),
  };
}
