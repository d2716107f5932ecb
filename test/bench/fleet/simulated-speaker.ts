/**
 * A speaker of which only BIRD is missing: the real stores, plan, loop, report and client, on a connection of its own, so that the API server sees
 * what it would see of a node. Thousands of them fit in one process.
 */
import { Registry } from 'prom-client';
import { SliceIndex } from '../../../lib/announce/slice-index.ts';
import { AnnouncementIndex } from '../../../lib/bgp/announcement-index.ts';
import { makePlan } from '../../../lib/bgp/plan.ts';
import { countAnnounced } from '../../../lib/bgp/routes.ts';
import { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { createLogger } from '../../../lib/process/log.ts';
import { LevelLoop } from '../../../lib/process/loop/level-loop.ts';
import { KnownEips } from '../../../lib/snapshot/known-eips.ts';
import { takeSnapshot } from '../../../lib/snapshot/snapshot.ts';
import type { RunningBird } from '../../../speaker/bird/apply.ts';
import { peerSymbol } from '../../../speaker/bird/config/model.ts';
import type { Reply } from '../../../speaker/bird/reply.ts';
import { makeStores, type Stores } from '../../../speaker/cluster/stores.ts';
import { SpeakerLoop } from '../../../speaker/loop.ts';
import { speakerMetrics } from '../../../speaker/metrics.ts';
import { Reporter } from '../../../speaker/report/report.ts';
import { SpeakerObjectStore } from '../../../speaker/report/speaker-object.ts';

export interface SimulatedSpeakerOptions {
  readonly nodeName: string;
  /** Name of the one BgpPeer, with which there is a session. */
  readonly peer: string;
  readonly access: { readonly server: string; readonly token: string; readonly tls: { readonly ca: string } };
}

const VERSION = { major: 2, minor: 17, text: '2.17.5' };
/** One for all: thousands of registries would be memory that says nothing. */
const registry = new Registry();
const metrics = speakerMetrics(new Registry());
const NAMESPACE = 'skycap-system';
const log = createLogger({ component: 'simulated-speaker', level: 'silent' });

export class SimulatedSpeaker implements AsyncDisposable {
  readonly nodeName: string;
  readonly stores: Stores;
  readonly #client: HttpKubeClient;
  readonly #object: SpeakerObjectStore;
  readonly #stop = new AbortController();
  readonly #ended: Promise<unknown>;
  readonly #announced: () => number;

  constructor({ nodeName, peer, access }: SimulatedSpeakerOptions) {
    this.nodeName = nodeName;
    this.#client = HttpKubeClient.fromToken(access, { component: 'speaker', registry });
    const { signal } = this.#stop;
    this.stores = makeStores({ client: this.#client, nodeName, namespace: NAMESPACE, log, registry });
    const { sources, speakers } = this.stores;
    const knownEips = new KnownEips();
    let fingerprint = '';
    const index = new AnnouncementIndex();
    const slices = new SliceIndex(sources, (key) => index.changed(key));
    sources.services.subscribe(({ key }) => index.changed(key));
    const loop = new SpeakerLoop({
      plan: () => {
        const snapshot = takeSnapshot({ nodeName, sources, slices, knownEips });
        return snapshot && makePlan(snapshot, index);
      },
      bird: {
        running: async (): Promise<RunningBird> => ({ version: VERSION, fingerprint }),
        binaryVersion: async () => VERSION,
        apply: async (config) => {
          if (config.fingerprint === fingerprint) return { kind: 'Unchanged' };
          fingerprint = config.fingerprint;
          return { kind: 'Applied', durationMs: 1 };
        },
      },
      metrics,
      log,
      onActed: () => reports.trigger(),
      nowMs: () => Date.now(),
    });
    this.#object = new SpeakerObjectStore({
      client: this.#client,
      nodeName,
      speakers,
      node: () => sources.nodes.get(nodeName),
    });
    const announced = () => countAnnounced(loop.state?.plan?.announcements ?? []);
    this.#announced = announced;
    const reporter = new Reporter({
      loopState: () => loop.state,
      control: { version: VERSION, command: async () => establishedSession(peer, announced()) },
      store: this.#object,
      metrics,
      log,
      busyPort: { look: async (sessions) => sessions },
      onPortInUse: () => {},
      bfdPorts: { look: async () => undefined },
      onBfdPortInUse: () => {},
      silent: () => [],
      layer2: () => undefined,
      skycapVersion: '0.1.0',
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now(),
    });
    const plans = new LevelLoop({ name: 'plan', act: (stop) => loop.act(stop), log });
    const reports = new LevelLoop({ name: 'report', act: (stop) => reporter.act(stop), log });
    for (const source of Object.values(sources)) {
      source.subscribe(() => plans.trigger());
      void source.waitForSync(signal).then(() => plans.trigger());
    }
    speakers.subscribe(() => reports.trigger());
    void speakers.waitForSync(signal).then(() => reports.trigger());
    this.#ended = Promise.all([
      ...Object.values(sources).map((source) => source.run(signal)),
      speakers.run(signal),
      plans.run(signal),
      reports.run(signal),
    ]);
  }

  /** How many addresses its BIRD would announce. */
  get announced(): number {
    return this.#announced();
  }

  /** What its Speaker object says of that; undefined before its first report. */
  get announcedAddresses(): number | undefined {
    return this.#object.status?.announcedAddresses;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the benchmark ends it'));
    await this.#ended;
    await this.#client.close();
  }
}

/** As BIRD prints it, see `speaker/bird/session/sessions.ts`. */
function establishedSession(peer: string, exported: number): Reply {
  return {
    code: 0,
    text: '',
    lines: [
      { code: 1002, text: `${peerSymbol(peer)} BGP        ---        up     2026-11-21T14:05:08+0000  Established` },
      { code: 1006, text: '  BGP state:          Established' },
      { code: 1006, text: '    Neighbor ID:      192.0.2.1' },
      { code: 1006, text: '    Hold timer:       79.503/90' },
      { code: 1006, text: '    Keepalive timer:  12.503/30' },
      { code: 1006, text: '  Channel ipv4' },
      { code: 1006, text: `    Routes:         0 imported, ${exported} exported, 0 preferred` },
    ],
  };
}
