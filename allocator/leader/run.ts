/** The allocator as a whole, from filled caches to terms of leadership; `main.ts` gives it the process, tests give it what they like. */
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Registry } from 'prom-client';
import { cacheCheck } from '../../lib/kube/cache/cache-check.ts';
import type { KubeClient, KubeWatcher } from '../../lib/kube/client.ts';
import { runWhileLeader } from '../../lib/kube/election/leader.ts';
import type { LeaderTiming } from '../../lib/kube/election/leader-step.ts';
import { LEASES } from '../../lib/kube/election/lease.ts';
import { ExplainingClient, type RefusedWrite } from '../../lib/kube/http/explaining-client.ts';
import { type Clock, systemClock } from '../../lib/process/clock.ts';
import type { Checks } from '../../lib/process/health/check.ts';
import type { Logger } from '../../lib/process/log.ts';
import { HISTORY_GATHER_MS, writeHistory } from '../claims/history/write-history.ts';
import type { Config } from '../config.ts';
import type { EventSink } from '../deps.ts';
import { type AllocatorMetrics, createAllocatorMetrics } from '../metrics.ts';
import { Allocator } from './allocator.ts';
import { LeadingClient } from './fenced-client.ts';
import { createReflectors, type Reflectors } from './reflectors.ts';

export interface RunOptions {
  readonly client: KubeClient & KubeWatcher;
  readonly config: Omit<Config, 'logLevel' | 'healthAddress' | 'metricsToken'>;
  readonly events: EventSink;
  readonly log: Logger;
  readonly registry: Registry;
  readonly clock?: Clock;
  /** @default `LEADER_TIMING` */
  readonly timing?: LeaderTiming;
  /** @default `HISTORY_GATHER_MS` */
  readonly historyGatherMs?: number;
}

export interface RunningAllocator {
  /** The conditions under which this replica can do its work, or take over. */
  readonly ready: Checks;
  /** Resolves when `signal` has aborted and all has ended; rejects where the work fails for good. */
  readonly ended: Promise<void>;
}

/** The name of the Lease; RBAC allows just this one. */
export const LEASE_NAME = 'skycap-allocator';
const TOKEN_BYTES = 16;
const FLUSH_WITHIN_MS = 1_000;

/** Returns at once; the checks are there from the start, and false until the caches are filled. */
export function runAllocator(options: RunOptions, signal: AbortSignal): RunningAllocator {
  const { client, config, log, registry, clock = systemClock } = options;
  const reflectors = createReflectors(client, config.namespace, log, registry);
  const allocator = new Allocator(reflectors.stores, clock, config.protocols);
  // A replica that stands by is ready when it could take over; who leads is a metric, not a matter of health.
  return { ready: { caches: cacheCheck(reflectors.byName) }, ended: run(options, allocator, reflectors, signal) };
}

async function run(
  options: RunOptions,
  allocator: Allocator,
  reflectors: Reflectors,
  signal: AbortSignal,
): Promise<void> {
  const { config, events, log, registry, clock = systemClock, timing, historyGatherMs = HISTORY_GATHER_MS } = options;
  // Nobody leads where the Lease can't be written, so nobody would say it.
  const onRefused = ({ resource: { group, version, kind, plural }, ref, explanation }: RefusedWrite): void => {
    if (plural !== LEASES.plural) return;
    const lease = { apiVersion: `${group}/${version}`, kind, metadata: ref };
    events.record(lease, { type: 'Warning', reason: 'WriteRefused', action: 'Write', message: explanation });
  };
  const client = new ExplainingClient({ client: options.client, log, clock, onRefused });
  const metrics = createAllocatorMetrics(registry, () => allocator.queueLengths());
  const stop = new AbortController();
  // Each request under way listens to it.
  setMaxListeners(0, signal, stop.signal);
  const end = (): void => stop.abort(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  const following = reflectors.run(stop.signal);
  try {
    // No candidate before it could act: a leader with empty caches would only be in the way.
    await reflectors.waitForSync(stop.signal);
    const election = {
      client,
      name: LEASE_NAME,
      namespace: config.namespace,
      identity: `${config.podName}_${randomBytes(4).toString('hex')}`,
      log,
      registry,
      clock,
      ...(timing && { timing }),
    };
    let ledToTheEnd = false;
    await runWhileLeader(election, stop.signal, async (term, leadership) => {
      setMaxListeners(0, term);
      const newToken = (): string => randomBytes(TOKEN_BYTES).toString('hex');
      const leading = new LeadingClient(client, leadership, term);
      const deps = { ...clock, config, events, metrics, log, newToken, historyGatherMs };
      await allocator.lead({ ...deps, client: leading }, term);
      ledToTheEnd = stop.signal.aborted;
    });
    // The Lease is free by now, so no replica waits for these writes.
    if (ledToTheEnd) await flushHistory({ client, config, metrics, log, clock, allocator });
  } finally {
    signal.removeEventListener('abort', end);
    stop.abort(new Error('the allocator ends'));
    await following;
  }
}

interface FlushDeps extends Pick<Required<RunOptions>, 'config' | 'log' | 'clock'> {
  readonly client: KubeClient;
  readonly metrics: AllocatorMetrics;
  readonly allocator: Allocator;
}

async function flushHistory({ client, config, metrics, log, clock, allocator }: FlushDeps): Promise<void> {
  const { historyEntries: entries, historyDays: days } = config;
  const { formerHolders } = allocator;
  const deps = { client, formerHolders, limits: { entries, days }, metrics, nowMs: clock.nowMs };
  try {
    if (entries > 0) await writeHistory(deps, AbortSignal.timeout(FLUSH_WITHIN_MS));
  } catch (err) {
    log.info({ err, entries: formerHolders.size }, 'history not written at the end');
  }
}
