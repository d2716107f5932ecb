/** The dependencies of the reconcilers: the API server, Events, time, tokens. */
import type { KubeObject } from '../lib/api/meta/object.ts';
import type { Reason } from '../lib/api/reasons.ts';
import type { KubeClient } from '../lib/kube/client.ts';
import type { Clock } from '../lib/process/clock.ts';
import type { Logger } from '../lib/process/log.ts';
import type { ClusterState } from './cluster/cluster-state.ts';
import type { Config } from './config.ts';
import type { AllocatorMetrics } from './metrics.ts';

export interface ServiceEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  readonly action: 'Assign' | 'Release' | 'Publish' | 'Announce' | 'Connect' | 'Write' | 'Preflight';
  readonly message: string;
  /** As in `lib/kube/events/event.ts`. */
  readonly isTurn?: boolean;
}

export interface EventSink {
  /** Returns at once; an Event that can't be written is lost, which the caller need not know. */
  record(about: KubeObject, event: ServiceEvent): void;
}

export interface Deps extends Clock {
  readonly client: KubeClient;
  readonly cluster: ClusterState;
  readonly events: EventSink;
  readonly metrics: AllocatorMetrics;
  readonly log: Logger;
  readonly config: Omit<Config, 'podName' | 'logLevel' | 'healthAddress' | 'metricsToken'>;
  /** The time in which former holders gather before they are written. */
  readonly historyGatherMs: number;
  /** Random, 128 bits in hexadecimal. */
  readonly newToken: () => string;
}
