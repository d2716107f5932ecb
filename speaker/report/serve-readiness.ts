/** Serves the probes and the metrics of the speaker. */
import type { Registry } from 'prom-client';
import { systemClock } from '../../lib/process/clock.ts';
import { EventLoopCheck } from '../../lib/process/health/event-loop-check.ts';
import type { OnStop } from '../../lib/process/lifecycle.ts';
import type { Logger } from '../../lib/process/log.ts';
import packageJson from '../../package.json' with { type: 'json' };
import type { Stores } from '../cluster/stores.ts';
import type { SpeakerConfig } from '../config.ts';
import type { Layer2 } from '../l2/layer2.ts';
import { readyChecks } from './health.ts';
import type { HealthPort } from './health-port.ts';
import type { LoopState } from './loop-state.ts';

export interface ReadinessOptions {
  readonly settings: Pick<SpeakerConfig, 'nodeName' | 'metricsToken'>;
  readonly registry: Registry;
  readonly stores: Stores;
  readonly layer2: Layer2;
  readonly loopState: () => LoopState | undefined;
  readonly healthPort: HealthPort;
  readonly log: Logger;
  readonly onStop: OnStop;
}

/** Resolves when the port is open, or `signal` has aborted. */
export async function serveReadiness(options: ReadinessOptions, signal: AbortSignal): Promise<void> {
  const { settings, registry, stores, layer2, loopState, healthPort, log, onStop } = options;
  const { nodeName, metricsToken } = settings;
  const eventLoop = new EventLoopCheck({ monotonicMs: systemClock.monotonicMs, registry });
  onStop('event loop check', () => eventLoop.stop());
  const caches = () => ({ ...stores.sources, ...layer2.caches });
  const checks = readyChecks(caches, loopState, () => layer2.state);
  const ready = { ...checks, 'event loop': eventLoop.check };
  const health = await healthPort.serve({ metricsToken, registry, ready }, signal);
  if (!health) return;
  onStop('health', () => health.close());
  log.info({ nodeName, health: health.address, version: packageJson.version }, 'speaker started');
}
