/** The webhook's metrics. */
import { X509Certificate } from 'node:crypto';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ReviewOutcome } from '../review/reviewed.ts';

export interface WebhookMetrics {
  review(path: string, operation: string, outcome: ReviewOutcome, seconds: number): void;
  claimConflict(): void;
  /** @param pem the certificate that the webhook shows. */
  certificate(pem: string): void;
}

/** The goal is 4 ms; the API server gives up after 3 s. */
const SECONDS = [0.001, 0.002, 0.004, 0.008, 0.012, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export function webhookMetrics(registry: Registry): WebhookMetrics {
  const registers = [registry];
  const reviews = new Counter({
    name: 'skycap_webhook_reviews_total',
    help: 'Admission reviews answered, by outcome.',
    labelNames: ['path', 'operation', 'outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'skycap_webhook_review_duration_seconds',
    help: 'From the arrival of an admission review to its answer.',
    labelNames: ['path'],
    buckets: SECONDS,
    registers,
  });
  const conflicts = new Counter({
    name: 'skycap_webhook_claim_conflicts_total',
    help: 'Addresses that another component claimed first; the next one is tried.',
    registers,
  });
  const expiry = new Gauge({
    name: 'skycap_webhook_certificate_expiry_timestamp_seconds',
    help: "When the webhook's certificate expires; 0 while there is none.",
    registers,
  });
  return {
    review: (path, operation, outcome, seconds) => {
      reviews.inc({ path, operation, outcome });
      duration.observe({ path }, seconds);
    },
    certificate: (pem) => expiry.set(new X509Certificate(pem).validToDate.getTime() / 1000),
    claimConflict: () => conflicts.inc(),
  };
}
