/** The allocator's composition root: settings, client, health, run until a signal. */
import { formatProblems } from '../lib/api/problem.ts';
import { EventRecorder } from '../lib/kube/events/events.ts';
import { ExplainingClient } from '../lib/kube/http/explaining-client.ts';
import { HttpKubeClient } from '../lib/kube/http/http-client.ts';
import { systemClock } from '../lib/process/clock.ts';
import { EventLoopCheck } from '../lib/process/health/event-loop-check.ts';
import { serveHealth } from '../lib/process/health/health.ts';
import { type OnStop, runUntilSignal } from '../lib/process/lifecycle.ts';
import { createLogger } from '../lib/process/log.ts';
import { EventCoalescing } from '../lib/process/loop/event-coalescing.ts';
import { createMetrics } from '../lib/process/metrics.ts';
import packageJson from '../package.json' with { type: 'json' };
import { type Config, readConfig } from './config.ts';
import { runAllocator } from './leader/run.ts';

const config = readConfig(process.env);
const log = createLogger({ component: 'allocator', ...(config.ok && { level: config.value.logLevel }) });
if (!config.ok) {
  log.fatal({ problems: formatProblems(config.problems) }, 'settings refused');
  process.exit(1);
}
const settings = config.value;
await runUntilSignal({ process, log }, (signal, onStop) => run(settings, signal, onStop));

async function run(settings: Config, signal: AbortSignal, onStop: OnStop): Promise<void> {
  const registry = createMetrics('allocator');
  const { heard: onWatchEvent } = new EventCoalescing({ monotonicMs: systemClock.monotonicMs });
  const client = HttpKubeClient.fromDefault({ component: 'allocator', registry, env: process.env, onWatchEvent });
  onStop('client', () => client.close());
  const eventLoop = new EventLoopCheck({ monotonicMs: systemClock.monotonicMs, registry });
  onStop('event loop check', () => eventLoop.stop());
  const recorder = new EventRecorder({
    // The log at least says who keeps Events from being written.
    client: new ExplainingClient({ client, log, clock: systemClock }),
    controller: 'skycap-allocator',
    instance: settings.podName,
    log,
    registry,
  });
  onStop('events', () => recorder.flush());
  const allocator = runAllocator(
    {
      client,
      config: settings,
      events: {
        record: (regarding, { message, ...event }) => recorder.record({ regarding, ...event, note: message }),
      },
      log,
      registry,
    },
    signal,
  );
  const health = await serveHealth({
    address: settings.healthAddress,
    registry,
    metricsToken: settings.metricsToken,
    ready: { ...allocator.ready, 'event loop': eventLoop.check },
  });
  onStop('health', () => health.close());
  log.info({ address: health.address, version: packageJson.version }, 'allocator started');
  await allocator.ended;
}
