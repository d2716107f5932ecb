/** The responder's counters as metrics, read at each scrape. */
import { Counter, type Registry } from 'prom-client';
import { RECEIVED, type ResponderCounts, SENT } from './responder-counts.ts';

export function registerResponderMetrics(registry: Registry, counts: ResponderCounts): void {
  new Counter({
    name: 'skycap_speaker_layer2_received_total',
    help: `ARP and neighbour discovery that concerned an address of this node, by what became of it: ${RECEIVED.join(', ')}.`,
    labelNames: ['outcome'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const outcome of RECEIVED) this.inc({ outcome }, counts.get(outcome));
    },
  });
  new Counter({
    name: 'skycap_speaker_layer2_sent_total',
    help: `ARP and neighbour discovery sent, by kind: ${SENT.join(', ')}.`,
    labelNames: ['kind'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const kind of SENT) this.inc({ kind }, counts.get(kind));
    },
  });
}
