/**
 * The speaker's composition root: settings, stores, BIRD, layer 2, the loops and the report, wired and run until a signal. Told to stop, it first hands over
 * what it answers for on layer 2, and everything goes on until then.
 *
 * The two loops are apart so that a slow API server never delays a route. BIRD runs in a container of its own (start-bird.sh) and is
 * left as it is when this process ends.
 */

import type { Registry } from 'prom-client';
import { KnownPolicy } from '../lib/announce/known-policy.ts';
import { SliceIndex } from '../lib/announce/slice-index.ts';
import { formatProblems } from '../lib/api/problem.ts';
import type { Node } from '../lib/api/service/service.ts';
import { AnnouncementIndex } from '../lib/bgp/announcement-index.ts';
import { asksForAllNodes } from '../lib/bgp/next-hops.ts';
import { limitsAnnouncers } from '../lib/bgp/other-nodes.ts';
import { EventRecorder } from '../lib/kube/events/events.ts';
import { ExplainingClient } from '../lib/kube/http/explaining-client.ts';
import { HttpKubeClient } from '../lib/kube/http/http-client.ts';
import { systemClock } from '../lib/process/clock.ts';
import { type OnStop, runUntilSignal } from '../lib/process/lifecycle.ts';
import { createLogger } from '../lib/process/log.ts';
import { EventCoalescing } from '../lib/process/loop/event-coalescing.ts';
import { LevelLoop } from '../lib/process/loop/level-loop.ts';
import { createMetrics } from '../lib/process/metrics.ts';
import { KnownEips } from '../lib/snapshot/known-eips.ts';
import type { SessionPasswords } from '../lib/snapshot/session-passwords.ts';
import { type Snapshot, takeEips, takeSnapshot } from '../lib/snapshot/snapshot.ts';
import { BirdDaemon } from './bird/apply.ts';
import { peerSymbol } from './bird/config/model.ts';
import { readPasswords } from './bird/config/read-passwords.ts';
import { BirdControl } from './bird/control.ts';
import { listenersOn } from './bird/listening.ts';
import { RouterAs } from './bird/session/router-as.ts';
import { type BirdWatcher, watchBird } from './bird/watch.ts';
import { concernsAddresses } from './cluster/affects-addresses.ts';
import { PasswordSecrets } from './cluster/password-secrets.ts';
import { configOnDisk, namedSecrets } from './cluster/session-passwords.ts';
import { makeStores, type Stores } from './cluster/stores.ts';
import { readConfig, type SpeakerConfig } from './config.ts';
import { Layer2 } from './l2/layer2.ts';
import type { Layer2Options } from './l2/layer2-options.ts';
import type { ResponderListener } from './l2/link/responder-port.ts';
import { nodeNetworks } from './l2/peers/node-networks.ts';
import { PeerWatch, type PeerWatchOptions } from './l2/peers/peer-watch.ts';
import type { PeerWatchListener } from './l2/peers/peer-watch-port.ts';
import { Responder } from './l2/responder/responder.ts';
import { registerResponderMetrics } from './l2/responder/responder-metrics.ts';
import { SpeakerLoop } from './loop.ts';
import type { MaintenanceLoop } from './maintenance/maintenance-loop.ts';
import { speakerMetrics } from './metrics.ts';
import { makePlanner } from './planner.ts';
import { HealthPort } from './report/health-port.ts';
import { makeReporter } from './report/make-reporter.ts';
import { serveReadiness } from './report/serve-readiness.ts';
import { SpeakerObjectStore } from './report/speaker-object.ts';

const config = readConfig(process.env);
const log = createLogger({ component: 'speaker', ...(config.ok && { level: config.value.logLevel }) });
if (!config.ok) {
  log.fatal({ problems: formatProblems(config.problems) }, 'settings refused');
  process.exit(1);
}
const settings = config.value;
await runUntilSignal({ process, log }, (signal, onStop) => run(settings, signal, onStop));

async function run(settings: SpeakerConfig, signal: AbortSignal, onStop: OnStop): Promise<void> {
  const { nodeName, namespace, runDir } = settings;
  const registry = createMetrics('speaker');
  const metrics = speakerMetrics(registry);
  const { client, events } = connect({ settings, registry, node: () => node(), onStop });
  const stores = makeStores({ client, nodeName, namespace, log, registry });
  const { socketPath, loopControl, reportControl } = connectBird(runDir, onStop);
  // The Eips of before are told by the object, so nothing is decided without it.
  const knownEips = new KnownEips(() => store.status?.formerEips ?? []);
  const replan = () => plans.trigger();
  const secrets = new PasswordSecrets({ client, namespace, log, onChange: replan });
  const passwords = passwordsFrom({ secrets, stores, runDir, loop: () => loop });
  const policy = new KnownPolicy(namespace);
  const snapshot = (): Snapshot | undefined =>
    store.synced
      ? takeSnapshot({ nodeName, sources: stores.sources, slices, knownEips, knownPolicy: policy })
      : undefined;
  const node = () => stores.sources.nodes.get(nodeName);
  const store = new SpeakerObjectStore({ client, nodeName, speakers: stores.speakers, node });
  const { layer2, responder, peers } = makeLayer2({
    ...{ settings, registry, metrics, client, node, store, snapshot, socketPath, onStop },
    ...eipReaders({ settings, stores, knownEips, isSynced: () => store.synced }),
    ...{ onNeighbors: replan, onOthers: replan },
    onState: () => {
      plans.trigger();
      reports.trigger();
    },
  });
  const announcements = new AnnouncementIndex();
  const onServiceChange = (key: string) => {
    for (const follower of [announcements, knownEips, layer2]) follower.changed(key);
  };
  const slices = new SliceIndex(stores.sources, onServiceChange);
  const { plan, maintenance } = makePlanner({
    forPlan: () => ({ bfdNeighbors: peers.neighbors, passwords: passwords() }),
    ...{ snapshot, client, store, layer2, announcements, replan, log },
    protocols: settings.protocols,
  });
  const loop = new SpeakerLoop({
    ...{ plan, metrics, log, nowMs: systemClock.nowMs },
    bird: new BirdDaemon({ control: loopControl, binary: settings.birdBinary, runDir }),
    onActed: () => reports.trigger(),
  });
  const routerAs = new RouterAs();
  const { healthAddress: address } = settings;
  const healthPort = new HealthPort({ address, nodeName, listenersOn, log, onChange: () => reports.trigger() });
  const reporter = makeReporter({
    ...{ nodeName, stores, node, store, knownEips, events, metrics, layer2, control: reportControl, routerAs, log },
    healthPort,
    loopState: () => loop.state,
  });
  const plans = new LevelLoop({ name: 'plan', act: (stop) => loop.act(stop), log });
  const reports = new LevelLoop({ name: 'report', act: (stop) => reporter.act(stop), log });
  follow({ stores, plans, reports, layer2, maintenance, onServiceChange, signal });
  const late = afterHandOver(signal, layer2);
  await Promise.all([
    ...Object.values(stores.sources).map((source) => source.run(late)),
    serveReadiness({ settings, registry, stores, layer2, loopState: () => loop.state, healthPort, log, onStop }, late),
    watchBird({ socketPath }, birdWatcher({ plans, reports, routerAs }), late),
    ...[stores.speakers, plans, maintenance, reports, layer2, peers, secrets, responder].map((part) => part.run(late)),
  ]);
}

function connectBird(runDir: string, onStop: OnStop) {
  const socketPath = `${runDir}/bird.ctl`;
  // Two connections: an answer that the report waits for shall not hold up a configuration.
  const [loopControl, reportControl] = [new BirdControl({ socketPath }), new BirdControl({ socketPath })];
  for (const control of [loopControl, reportControl]) onStop('control', () => control.close());
  return { socketPath, loopControl, reportControl };
}

interface ConnectOptions {
  readonly settings: SpeakerConfig;
  readonly registry: Registry;
  readonly node: () => Node | undefined;
  readonly onStop: OnStop;
}

/** The client of the API server, and the recorder of Events. */
function connect({ settings, registry, node, onStop }: ConnectOptions) {
  const { heard: onWatchEvent } = new EventCoalescing({ monotonicMs: systemClock.monotonicMs });
  const http = HttpKubeClient.fromDefault({ component: 'speaker', registry, env: process.env, onWatchEvent });
  onStop('client', () => http.close());
  const reporting = { controller: 'skycap-speaker', instance: settings.podName };
  // An Event about a refused Event could not be written either: the log says what refuses them.
  const told = new ExplainingClient({ client: http, log, clock: systemClock });
  const events = new EventRecorder({ client: told, ...reporting, log, registry });
  onStop('events', () => events.flush());
  const client = new ExplainingClient({
    ...{ client: http, log, clock: systemClock },
    // The object that is not written cannot say so. The Event is on the Node.
    onRefused: ({ resource, ref, explanation }) => {
      const regarding = node() ?? { apiVersion: 'v1', kind: 'Node', metadata: { name: settings.nodeName } };
      const note = `cannot write ${resource.kind} ${ref.name}: ${explanation}`;
      events.record({ regarding, type: 'Warning', reason: 'WriteRefused', action: 'Write', note });
    },
  });
  return { client, events };
}

interface Layer2Parts
  extends Pick<
      Layer2Options,
      'client' | 'node' | 'snapshot' | 'eips' | 'onState' | 'needsOthers' | 'onOthers' | 'store'
    >,
    Pick<Layer2Options, 'metrics' | 'registry'>,
    Pick<PeerWatchOptions, 'socketPath' | 'onNeighbors'> {
  readonly settings: SpeakerConfig;
  readonly onStop: OnStop;
}

function makeLayer2({ settings, socketPath, onNeighbors, onStop, ...parts }: Layer2Parts) {
  const { nodeName, namespace, podName } = settings;
  const { monotonicMs } = systemClock;
  const listener: ResponderListener & PeerWatchListener = {
    onLinks: () => layer2.onLinks(),
    onConflict: (other) => layer2.onConflict(other),
    onChange: () => layer2.onChange(),
  };
  const responder = new Responder({ listener, log });
  onStop('responder', () => responder.close());
  registerResponderMetrics(parts.registry, responder.counts);
  const peers = new PeerWatch({
    ...{
      nodeName,
      socketPath,
      listener,
      onNeighbors,
      networks: nodeNetworks,
      monotonicMs,
      metrics: parts.metrics,
      log,
    },
  });
  const layer2 = new Layer2({
    ...{ ...parts, nodeName, namespace, podName, responder, peers, log, clock: systemClock },
  });
  return { layer2, responder, peers };
}

interface Followers {
  readonly stores: Stores;
  readonly plans: LevelLoop;
  readonly reports: LevelLoop;
  readonly layer2: Layer2;
  readonly maintenance: MaintenanceLoop;
  readonly onServiceChange: (key: string) => void;
  readonly signal: AbortSignal;
}

/** Has each change of a store trigger the loops that depend on it. */
function follow({ stores, plans, reports, layer2, maintenance, onServiceChange, signal }: Followers): void {
  const onSource = () => {
    plans.trigger();
    layer2.trigger();
  };
  const onSynced = () => {
    onSource();
    maintenance.trigger();
  };
  const { nodes, bgpConfs } = stores.sources;
  for (const source of [nodes, bgpConfs]) source.subscribe(() => maintenance.trigger());
  const { services, ...others } = stores.sources;
  services.subscribe((change) => {
    onServiceChange(change.key);
    if (concernsAddresses(change)) onSource();
  });
  for (const source of Object.values(others)) source.subscribe(onSource);
  for (const source of Object.values(stores.sources)) {
    // A store that is empty says nothing when it is read.
    void source.waitForSync(signal).then(onSynced);
  }
  // Somebody may have deleted or changed it.
  const onOwnObject = () => {
    reports.trigger();
    layer2.triggerReport();
  };
  stores.speakers.subscribe(onOwnObject);
  void stores.speakers.waitForSync(signal).then(() => {
    onOwnObject();
    onSynced();
  });
}

interface WatcherParts {
  readonly plans: LevelLoop;
  readonly reports: LevelLoop;
  readonly routerAs: RouterAs;
}

function birdWatcher({ plans, reports, routerAs }: WatcherParts): BirdWatcher {
  const bothLoops = () => {
    plans.trigger();
    reports.trigger();
  };
  return {
    onConnected: bothLoops,
    onDisconnected: bothLoops,
    onChange: (line) => {
      routerAs.heard(line);
      reports.trigger();
    },
  };
}

interface EipReaderParts {
  readonly settings: SpeakerConfig;
  readonly stores: ReturnType<typeof makeStores>;
  readonly knownEips: KnownEips;
  readonly isSynced: () => boolean;
}

/** The Eips that layer 2 serves, and whether BGP depends on other nodes. Both are unknown until the Speaker object is read. */
function eipReaders({ settings: { protocols }, stores, knownEips, isSynced }: EipReaderParts) {
  const noEips: Snapshot['eips'] = new Map();
  const known = () => (isSynced() ? takeEips(stores.sources, knownEips) : undefined);
  return {
    // Without an Eip layer 2 opens no socket.
    eips: () => (protocols.has('layer2') ? known() : isSynced() ? noEips : undefined),
    needsOthers: () => {
      const eips = protocols.has('bgp') ? known() : undefined;
      return eips !== undefined && (limitsAnnouncers({ eips }) || asksForAllNodes(stores.sources.bgpPeers.values()));
    },
  };
}

interface PasswordParts {
  readonly secrets: PasswordSecrets;
  readonly stores: Stores;
  readonly runDir: string;
  readonly loop: () => SpeakerLoop;
}

/** A session keeps the password of the last plan, or before there was one, that of the configuration that BIRD has. */
function passwordsFrom({ secrets, stores, runDir, loop }: PasswordParts): () => SessionPasswords {
  const onDisk = readPasswords(configOnDisk(runDir));
  return () => {
    const planned = loop().state?.plan?.plan.bgp.sessions ?? [];
    return {
      secrets: secrets.take(namedSecrets(stores.sources.bgpPeers.values())),
      inUse: (peer) => planned.find((session) => session.peer === peer) ?? onDisk.get(peerSymbol(peer)),
    };
  };
}

/** Aborts when what this node has on layer 2 is another's. */
function afterHandOver(signal: AbortSignal, layer2: Layer2): AbortSignal {
  const late = new AbortController();
  const leave = async () => {
    await layer2.leave().catch((err: unknown) => log.warn({ err }, 'nothing handed over'));
    late.abort(signal.reason);
  };
  signal.addEventListener('abort', () => void leave(), { once: true });
  return late.signal;
}
