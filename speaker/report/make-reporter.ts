/** The reporter, with everything that it reports on. */

import type { Node } from '../../lib/api/service/service.ts';
import { silentCaches } from '../../lib/kube/cache/cache-check.ts';
import type { EventRecorder } from '../../lib/kube/events/events.ts';
import { strictArpFindings } from '../../lib/preflight/node/strict-arp.ts';
import { systemClock } from '../../lib/process/clock.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { KnownEips } from '../../lib/snapshot/known-eips.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { BfdPorts } from '../bird/bfd-ports.ts';
import { BusyPort } from '../bird/busy-port.ts';
import type { BirdControl } from '../bird/control.ts';
import { canShareUdpPort, listenersOn } from '../bird/listening.ts';
import type { RouterAs } from '../bird/session/router-as.ts';
import { readArpSettings } from '../cluster/arp-settings.ts';
import { readNodeSegments } from '../cluster/node-segments.ts';
import type { Stores } from '../cluster/stores.ts';
import type { Layer2 } from '../l2/layer2.ts';
import type { SpeakerMetrics } from '../metrics.ts';
import type { HealthPort } from './health-port.ts';
import type { LoopState } from './loop-state.ts';
import { Reporter } from './report.ts';
import type { SpeakerObjectStore } from './speaker-object.ts';

export interface ReporterParts {
  readonly nodeName: string;
  readonly stores: Stores;
  readonly node: () => Node | undefined;
  readonly store: SpeakerObjectStore;
  readonly knownEips: KnownEips;
  readonly events: EventRecorder;
  readonly metrics: SpeakerMetrics;
  readonly layer2: Layer2;
  readonly loopState: () => LoopState | undefined;
  readonly control: BirdControl;
  readonly routerAs: RouterAs;
  readonly healthPort: Pick<HealthPort, 'findings'>;
  readonly log: Logger;
}

export function makeReporter(parts: ReporterParts): Reporter {
  const { nodeName, stores, node, store, knownEips, events, metrics, layer2, loopState, control, routerAs, log } =
    parts;
  const { monotonicMs, nowMs } = systemClock;
  const interfaces = () => (store.status?.layer2Interfaces ?? []).map(({ name }) => name);
  const aboutArp = () => (layer2.state ? strictArpFindings(readArpSettings(interfaces()), interfaces(), nodeName) : []);
  const warn = (peer: string, reason: 'PortInUse' | 'BfdPortInUse', message: string) => {
    const regarding = stores.sources.bgpPeers.get(peer);
    const note = `${nodeName}: ${message}`;
    if (regarding) events.record({ regarding, type: 'Warning', reason, action: 'Connect', note });
  };
  const uid = process.getuid?.() ?? 0;
  return new Reporter({
    busyPort: new BusyPort({ control, listenersOn, nowMs: monotonicMs }),
    onPortInUse: ({ peer, lastError = '' }) => warn(peer, 'PortInUse', lastError),
    bfdPorts: new BfdPorts({ control, listenersOn, canShareUdpPort, uid, nowMs: monotonicMs }),
    onBfdPortInUse: (peer, message) => warn(peer, 'BfdPortInUse', message),
    loopState,
    routerAs: (peer) => routerAs.of(peer),
    silent: () => silentCaches({ ...stores.sources, ...layer2.caches }),
    layer2: () => layer2.state,
    formerEips: () => knownEips.formerTexts,
    segments: () =>
      readNodeSegments({
        nodeAddresses: (node()?.status?.addresses ?? []).map(({ address }) => address),
        interfaces: interfaces(),
      }),
    findings: () => [...aboutArp(), ...parts.healthPort.findings],
    ...{ control, store, metrics, log, nowMs, monotonicMs },
    skycapVersion: packageJson.version,
  });
}
