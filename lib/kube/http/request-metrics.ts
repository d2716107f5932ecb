/** Counts the requests of a component to the API server. */
import type { Registry } from 'prom-client';
import { sharedCounter, sharedHistogram } from '../../process/shared-metric.ts';
import type { Verb } from './retry.ts';

export interface RequestMetrics {
  /** @param code the HTTP status, or `unreachable`. */
  observe(verb: Verb, resource: string, code: number | 'unreachable', seconds: number): void;
}

const BUCKETS_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30];

export function createRequestMetrics(registry: Registry | undefined): RequestMetrics {
  if (!registry) return { observe: () => {} };
  const requests = sharedCounter(registry, {
    name: 'skycap_api_requests_total',
    help: 'Requests sent to the API server, repeats included.',
    labelNames: ['verb', 'resource', 'code'] as const,
  });
  const latency = sharedHistogram(registry, {
    name: 'skycap_api_request_seconds',
    help: 'Time until the API server answered; of a watch, until it was accepted.',
    labelNames: ['verb'] as const,
    buckets: BUCKETS_SECONDS,
  });
  return {
    observe(verb, resource, code, seconds) {
      requests.inc({ verb, resource, code: String(code) });
      latency.observe({ verb }, seconds);
    },
  };
}
