/**
 * All of Skycap without pods: an API server, a webhook, an allocator, and a speaker with a BIRD and a router in network namespaces; each component
 * a process of its own with the rights of its ServiceAccount, open to the inspector.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { BGP_CONFS, BGP_PEERS, SPEAKERS } from '../../../lib/kube/resource.ts';
import { startAllocator } from '../../support/allocator-daemon.ts';
import type { Daemon } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { INSPECT, Inspector } from '../../support/inspector.ts';
import { aBgpConf, aBgpPeer } from '../../support/speaker-builders.ts';
import { SPEAKER_USER, startSpeaker } from '../../support/speaker-daemon.ts';
import { createNode } from '../../support/speaker-objects.ts';
import { BirdSite } from '../bird/support/bird-site.ts';
import { Frr } from '../bird/support/frr.ts';
import { Lan } from '../bird/support/lan.ts';
import { WebhookLab } from '../webhook/harness.ts';
import type { Usage } from './growth.ts';

const OPENELB = 'network.kubesphere.io/v1alpha2';
export const NODE_NAME = 'node-1';
export const COMPONENTS = ['webhook', 'allocator', 'speaker'] as const;
export type Component = (typeof COMPONENTS)[number];

export class Components implements AsyncDisposable {
  readonly lab: WebhookLab;
  readonly frr: Frr;
  readonly #lan: Lan;
  readonly #site: BirdSite;
  readonly #daemons: Readonly<Record<Component, Daemon>>;
  readonly #inspectors: Readonly<Record<Component, Inspector>>;

  private constructor(
    lab: WebhookLab,
    lan: Lan,
    site: BirdSite,
    frr: Frr,
    daemons: Readonly<Record<Component, Daemon>>,
    inspectors: Readonly<Record<Component, Inspector>>,
  ) {
    this.lab = lab;
    this.frr = frr;
    this.#lan = lan;
    this.#site = site;
    this.#daemons = daemons;
    this.#inspectors = inspectors;
  }

  static async start(): Promise<Components> {
    await using undo = new AsyncDisposableStack();
    const NODE_OPTIONS = `--disable-warning=ExperimentalWarning ${INSPECT}`;
    const lab = undo.use(await WebhookLab.start(1, { env: { NODE_OPTIONS }, users: [SPEAKER_USER] }));
    const lan = undo.use(Lan.make());
    const site = new BirdSite(lan);
    undo.defer(() => site.control.close());
    site.startContainer();
    const frr = await Frr.start(lan, { neighbors: ['v4'] });
    await makeNode(lab);
    const allocator = await startAllocator({
      plane: lab.plane,
      name: 'allocator-0',
      folder: lan.dir,
      // So that what waits for it is let go within the time of the test.
      env: { NODE_OPTIONS, SKYCAP_CLAIM_GRACE_SECONDS: '5' },
    });
    undo.defer(() => allocator.daemon.kill());
    const speaker = await startSpeaker({
      plane: lab.plane,
      nodeName: NODE_NAME,
      runDir: site.runDir,
      folder: lan.dir,
      nodeOptions: NODE_OPTIONS,
    });
    undo.defer(() => speaker.daemon.kill());
    const daemons = { webhook: lab.webhooks[0]!.daemon, allocator: allocator.daemon, speaker: speaker.daemon };
    const inspect = (name: Component) => Inspector.connect(daemons[name].logFile);
    const inspectors = {
      webhook: undo.use(await inspect('webhook')),
      allocator: undo.use(await inspect('allocator')),
      speaker: undo.use(await inspect('speaker')),
    };
    await eventually(
      async () => {
        const { status } = await lab.client.get(SPEAKERS, { name: NODE_NAME });
        if (status?.sessionsSummary !== '1/1') throw new Error(`Cannot go on: sessions ${status?.sessionsSummary}`);
      },
      { withinMs: 60_000, everyMs: 200 },
    ).catch((error: unknown) => {
      throw new Error(`Cannot see a session; the speaker said: ${daemons.speaker.tail()}`, { cause: error });
    });
    const components = new Components(lab, lan, site, frr, daemons, inspectors);
    undo.move();
    return components;
  }

  /** @throws where a component has ended. */
  running(component: Component): Daemon {
    const daemon = this.#daemons[component];
    if (daemon.exited) throw new Error(`Cannot go on: the ${component} ${daemon.exited}: ${daemon.tail()}`);
    return daemon;
  }

  /** @throws where a component has ended. */
  async usage(component: Component): Promise<Usage> {
    const daemon = this.running(component);
    const inspector = this.#inspectors[component];
    // What was waiting for a finalizer is collected the second time.
    for (let i = 0; i < 2; i++) await inspector.collectGarbage();
    const { heapBytes, active } = await inspector.evaluate<{ heapBytes: number; active: string[] }>(
      '({ heapBytes: process.memoryUsage().heapUsed + process.memoryUsage().external, active: process.getActiveResourcesInfo() })',
    );
    const resources: Record<string, number> = {};
    for (const kind of active) resources[kind] = (resources[kind] ?? 0) + 1;
    return { heapBytes, files: readdirSync(`/proc/${daemon.pid}/fd`).length, resources };
  }

  logOf(component: Component): string {
    return this.#daemons[component].tail();
  }

  /** All that it logged, a line each. */
  logLinesOf(component: Component): readonly string[] {
    return readFileSync(this.#daemons[component].logFile, 'utf8').split('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const inspector of Object.values(this.#inspectors)) inspector[Symbol.dispose]();
    await this.#daemons.speaker.kill();
    await this.#daemons.allocator.kill();
    this.#site.control.close();
    await this.#lan[Symbol.asyncDispose]();
    await this.lab[Symbol.asyncDispose]();
  }
}

async function makeNode(lab: WebhookLab): Promise<void> {
  await createNode(lab.client, NODE_NAME);
  await lab.client.create(BGP_CONFS, { apiVersion: OPENELB, kind: 'BgpConf', ...aBgpConf() });
  await lab.client.create(BGP_PEERS, {
    apiVersion: OPENELB,
    kind: 'BgpPeer',
    ...aBgpPeer(),
    metadata: { name: 'router-1' },
  });
}
