/** The parts of the speaker that layer 2 uses. */
import type { Registry } from 'prom-client';
import type { Node } from '../../lib/api/service/service.ts';
import type { KubeClient, KubeWatcher } from '../../lib/kube/client.ts';
import type { Clock } from '../../lib/process/clock.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { Snapshot } from '../../lib/snapshot/snapshot.ts';
import type { SpeakerMetrics } from '../metrics.ts';
import type { ResponderPort } from './link/responder-port.ts';
import type { Layer2Store } from './ownership/layer2-status-writer.ts';
import type { PeerWatchPort } from './peers/peer-watch-port.ts';

export interface Layer2Options {
  readonly nodeName: string;
  /** The namespace of the Leases. */
  readonly namespace: string;
  /** The name of this Pod, which no other speaker has. Events show it. */
  readonly podName: string;
  readonly client: KubeClient & KubeWatcher;
  /** @returns undefined while a store is not synced. */
  readonly snapshot: () => Snapshot | undefined;
  /** The Eips of the snapshot. Layer 2 reads them at every change, in clusters without layer 2 too. */
  readonly eips: () => Snapshot['eips'] | undefined;
  /** BGP has to know the other nodes, whether or not an Eip asks for layer 2. */
  readonly needsOthers: () => boolean;
  readonly node: () => Node | undefined;
  readonly store: Layer2Store;
  /** The listener of `responder` and `peers` is the `Layer2` object. */
  readonly responder: ResponderPort;
  readonly peers: PeerWatchPort;
  /** `Layer2.others` may have changed. */
  readonly onOthers: () => void;
  /** `Layer2.state` or `Layer2.isWatchKnown` has changed. */
  readonly onState: () => void;
  readonly metrics: SpeakerMetrics;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
}
