/**
 * An allocator as a process of its own, for tests that kill it: as `allocator/main.ts`, but a leader that was killed is followed soon, and an unbound
 * claim is let go soon. All it wants stands in its environment.
 */

import { runAllocator } from '../../../allocator/leader/run.ts';
import { ALL_PROTOCOLS } from '../../../lib/api/eip/protocols.ts';
import { EventRecorder } from '../../../lib/kube/events/events.ts';
import { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { runUntilSignal } from '../../../lib/process/lifecycle.ts';
import { createLogger } from '../../../lib/process/log.ts';
import { createMetrics } from '../../../lib/process/metrics.ts';

/** Short for a Lease, and long for a machine that is busy. */
const TIMING = { leaseMs: 5_000, renewDeadlineMs: 3_500, renewMs: 800 };

const log = createLogger({ component: 'allocator' });
await runUntilSignal({ process, log }, async (signal, onStop) => {
  const registry = createMetrics('allocator');
  const client = HttpKubeClient.fromDefault({ component: 'allocator', registry, env: process.env });
  onStop('client', () => client.close());
  const podName = process.env.POD_NAME ?? 'allocator';
  const recorder = new EventRecorder({ client, controller: 'skycap-allocator', instance: podName, log, registry });
  onStop('events', () => recorder.flush());
  const { ended } = runAllocator(
    {
      client,
      config: {
        namespace: 'skycap-system',
        podName,
        unmarkedServices: 'defaultEip',
        claimGraceSeconds: Number(process.env.SKYCAP_CLAIM_GRACE_SECONDS),
        workers: 16,
        historyEntries: 10_000,
        historyDays: 90,
        protocols: ALL_PROTOCOLS,
      },
      events: {
        record: (regarding, { message, ...event }) => recorder.record({ regarding, ...event, note: message }),
      },
      log,
      registry,
      timing: TIMING,
    },
    signal,
  );
  await ended;
});
