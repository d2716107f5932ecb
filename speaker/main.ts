/**
 * The speaker's composition root: settings, stores, BIRD, the loop and the report, wired and run until a signal.
 *
 * The two loops are apart so that a slow API server never delays a route. BIRD runs in a container of its own (start-bird.sh) and is
 * left as it is when this process ends.
 */
import { formatProblems } from '../lib/api/problem.ts';
import { silentCaches } from '../lib/kube/cache-check.ts';
import { HttpKubeClient } from '../lib/kube/http-client.ts';
import { systemClock } from '../lib/process/clock.ts';
import { EventLoopCheck } from '../lib/process/event-loop-check.ts';
import { serveHealth } from '../lib/process/health.ts';
import { LevelLoop } from '../lib/process/level-loop.ts';
import { type OnStop, runUntilSignal } from '../lib/process/lifecycle.ts';
import { createLogger } from '../lib/process/log.ts';
import { createMetrics } from '../lib/process/metrics.ts';
import packageJson from '../package.json' with { type: 'json' };
import { BirdDaemon } from './bird/apply.ts';
import { BirdControl } from './bird/control.ts';
import { watchBird } from './bird/watch.ts';
import { readConfig, type SpeakerConfig } from './config.ts';
import { readyChecks } from './health.ts';
import { SpeakerLoop } from './loop.ts';
import { speakerMetrics } from './metrics.ts';
import { Reporter } from './report.ts';
import { takeSnapshot } from './snapshot.ts';
import { SpeakerObjectStore } from './speaker-object.ts';
import { makeStores } from './stores.ts';

const config = readConfig(process.env);
const log = createLogger({ component: 'speaker', ...(config.ok && { level: config.value.logLevel }) });
if (!config.ok) {
  log.fatal({ problems: formatProblems(config.problems) }, 'settings refused');
  process.exit(1);
}
const settings = config.value;
await runUntilSignal({ process, log }, (signal, onStop) => run(settings, signal, onStop));

async function run(settings: SpeakerConfig, signal: AbortSignal, onStop: OnStop): Promise<void> {
  const { nodeName, runDir } = settings;
  const registry = createMetrics('speaker');
  const metrics = speakerMetrics(registry);
  const client = HttpKubeClient.fromDefault({ component: 'speaker', registry, env: process.env });
  onStop('client', () => client.close());
  const stores = makeStores({ client, nodeName, log, registry });
  const socketPath = `${runDir}/bird.ctl`;
  // Two connections: an answer that the report waits for shall not hold up a configuration.
  const [loopControl, reportControl] = [new BirdControl({ socketPath }), new BirdControl({ socketPath })];
  for (const control of [loopControl, reportControl]) onStop('control', () => control.close());

  const loop = new SpeakerLoop({
    snapshot: () => takeSnapshot(nodeName, stores.sources),
    bird: new BirdDaemon({ control: loopControl, binary: settings.birdBinary, runDir }),
    metrics,
    log,
    onActed: () => reports.trigger(),
    nowMs: systemClock.nowMs,
  });
  const reporter = new Reporter({
    loopState: () => loop.state,
    control: reportControl,
    store: new SpeakerObjectStore({
      client,
      nodeName,
      speakers: stores.speakers,
      node: () => stores.sources.nodes.get(nodeName),
    }),
    silent: () => silentCaches(stores.sources),
    metrics,
    log,
    skycapVersion: packageJson.version,
    nowMs: systemClock.nowMs,
  });
  const plans = new LevelLoop({ name: 'plan', act: (stop) => loop.act(stop), log });
  const reports = new LevelLoop({ name: 'report', act: (stop) => reporter.act(stop), log });

  for (const source of Object.values(stores.sources)) {
    source.subscribe(() => plans.trigger());
    // A store that is empty says nothing when it is read.
    void source.waitForSync(signal).then(() => plans.trigger());
  }
  // Somebody may have deleted or changed it.
  stores.speakers.subscribe(() => reports.trigger());
  void stores.speakers.waitForSync(signal).then(() => reports.trigger());
  const bothLoops = () => {
    plans.trigger();
    reports.trigger();
  };
  const watcher = { onConnected: bothLoops, onDisconnected: bothLoops, onChange: () => reports.trigger() };

  const eventLoop = new EventLoopCheck({ monotonicMs: systemClock.monotonicMs });
  onStop('event loop check', () => eventLoop.stop());
  const health = await serveHealth({
    address: settings.healthAddress,
    registry,
    ready: { ...readyChecks(stores, () => loop.state), 'event loop': eventLoop.check },
  });
  onStop('health', () => health.close());
  log.info({ nodeName, health: health.address, version: packageJson.version }, 'speaker started');

  await Promise.all([
    ...Object.values(stores.sources).map((source) => source.run(signal)),
    stores.speakers.run(signal),
    watchBird({ socketPath }, watcher, signal),
    plans.run(signal),
    reports.run(signal),
  ]);
}
