/** The webhook's composition root: settings, client, server, run until a signal. */
import { formatProblems } from '../lib/api/problem.ts';
import { HttpKubeClient } from '../lib/kube/http/http-client.ts';
import { systemClock } from '../lib/process/clock.ts';
import { EventLoopCheck } from '../lib/process/health/event-loop-check.ts';
import { type OnStop, runUntilSignal } from '../lib/process/lifecycle.ts';
import { createLogger } from '../lib/process/log.ts';
import { createMetrics } from '../lib/process/metrics.ts';
import packageJson from '../package.json' with { type: 'json' };
import { readConfig, type WebhookConfig } from './config.ts';
import { WebhookServer } from './server.ts';
import { makeWebhook } from './webhook.ts';

const config = readConfig(process.env);
const log = createLogger({ component: 'webhook', ...(config.ok && { level: config.value.logLevel }) });
if (!config.ok) {
  log.fatal({ problems: formatProblems(config.problems) }, 'settings refused');
  process.exit(1);
}
const settings = config.value;
await runUntilSignal({ process, log }, (signal, onStop) => run(settings, signal, onStop));

async function run(settings: WebhookConfig, signal: AbortSignal, onStop: OnStop): Promise<void> {
  const registry = createMetrics('webhook');
  const client = HttpKubeClient.fromDefault({ component: 'webhook', registry, env: process.env });
  onStop('client', () => client.close());
  const eventLoop = new EventLoopCheck({ monotonicMs: systemClock.monotonicMs, registry });
  onStop('event loop check', () => eventLoop.stop());

  // The caches are kept up to date while the server drains: they stop after it.
  const stopCaches = new AbortController();
  const webhook = makeWebhook({
    config: settings,
    client,
    registry,
    log,
    now: () => new Date(systemClock.nowMs()),
    monotonicMs: systemClock.monotonicMs,
    eventLoop: eventLoop.check,
    isStopping: () => signal.aborted,
    onCertificate: (content) => server.setCertificate(content),
  });
  const server = new WebhookServer({ app: webhook.app, ...settings.listen });
  const running = webhook.run(stopCaches.signal);
  onStop('caches', async () => {
    stopCaches.abort();
    await running;
  });
  const port = await server.listen();
  onStop('server', () => server.drain(settings.drainSeconds * 1000));
  log.info({ port, version: packageJson.version }, 'webhook started');
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
