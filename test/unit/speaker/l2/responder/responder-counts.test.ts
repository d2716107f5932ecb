/** What the thread counts, and what is shown of it. */
import { Registry } from 'prom-client';
import { ResponderCounts } from '../../../../../speaker/l2/responder/responder-counts.ts';
import { registerResponderMetrics } from '../../../../../speaker/l2/responder/responder-metrics.ts';

it('what one thread counts the other reads, at its own time', async () => {
  const shown = new ResponderCounts();
  const registry = new Registry();
  registerResponderMetrics(registry, shown);
  const counting = new ResponderCounts(shown.memory);
  for (const name of ['Answered', 'Answer', 'Answer', 'BadChecksum'] as const) counting.add(name);
  const text = await registry.metrics();
  expect(text).toContain('skycap_speaker_layer2_received_total{outcome="Answered"} 1\n');
  expect(text).toContain('skycap_speaker_layer2_received_total{outcome="BadChecksum"} 1\n');
  expect(text).toContain('skycap_speaker_layer2_received_total{outcome="Conflict"} 0\n');
  expect(text).toContain('skycap_speaker_layer2_sent_total{kind="Answer"} 2\n');
  expect(await registry.metrics()).toBe(text);
});
