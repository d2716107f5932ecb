/** The speaker's BIRD side on the node: start-bird.sh, the real BIRD, and the loop that configures it from a snapshot of the test's. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SpeakerSession } from '../../../../lib/api/skycap/speaker-types.ts';
import { makePlan } from '../../../../lib/bgp/plan.ts';
import { createLogger } from '../../../../lib/process/log.ts';
import { createMetrics } from '../../../../lib/process/metrics.ts';
import { type ApplyOutcome, BirdDaemon } from '../../../../speaker/bird/apply.ts';
import { BirdControl } from '../../../../speaker/bird/control.ts';
import {
  identityOf,
  type ProtocolReport,
  parseProtocols,
  sessionReports,
} from '../../../../speaker/bird/session/sessions.ts';
import { SpeakerLoop } from '../../../../speaker/loop.ts';
import { speakerMetrics } from '../../../../speaker/metrics.ts';
import type { LoopState } from '../../../../speaker/report/loop-state.ts';
import { birdBinary } from '../../../support/bird-binary.ts';
import type { Daemon } from '../../../support/daemon.ts';
import { until } from '../../../support/eventually.ts';
import { aSnapshot, type ClusterOptions } from '../../../support/speaker-builders.ts';
import { readBase } from '../../../unit/manifests/files.ts';
import type { Lan } from './lan.ts';

/** One for all sites: a logger listens for the end of the process. */
const LOG = createLogger({ component: 'test', level: 'silent' });
const SETPRIV = '/usr/bin/setpriv';
const START_BIRD = join(import.meta.dirname, '../../../../speaker/bird/start-bird.sh');

export class BirdSite {
  readonly control: BirdControl;
  readonly runDir: string;
  readonly #lan: Lan;
  readonly #where: string;
  readonly #signal = new AbortController().signal;
  #loop: SpeakerLoop;
  #cluster: ClusterOptions = {};
  #container: Daemon | undefined;

  /** @param where `lan.node`, or the router in the part of another node. */
  constructor(lan: Lan, where = lan.node) {
    this.#lan = lan;
    this.#where = where;
    this.runDir = join(lan.dir, `run-${where}`);
    mkdirSync(this.runDir, { recursive: true });
    this.control = new BirdControl({ socketPath: this.socketPath });
    this.#loop = this.#newLoop();
  }

  get socketPath(): string {
    return join(this.runDir, 'bird.ctl');
  }

  /** What BIRD's container runs, with the rights that it has in the manifests. */
  startContainer(): Daemon {
    const env = { SKYCAP_RUN_DIR: this.runDir, SKYCAP_BIRD: birdBinary() };
    const rights = ['--no-new-privs', '--inh-caps=-all', `--bounding-set=-all,${birdCapabilities().join()}`];
    this.#container = this.#lan.start(this.#where, 'start-bird', SETPRIV, [...rights, START_BIRD], env);
    return this.#container;
  }

  get container(): Daemon {
    if (!this.#container) throw new Error('Cannot go on: the container was not started');
    return this.#container;
  }

  get loopState(): LoopState | undefined {
    return this.#loop.state;
  }

  /** As if the TypeScript process were killed and started again. `checker` parses configurations ahead in place of BIRD. */
  restartLoop(checker?: string): void {
    this.#loop = this.#newLoop(checker);
  }

  /** One turn of the loop with this cluster. */
  async apply(cluster: ClusterOptions): Promise<ApplyOutcome | undefined> {
    this.#cluster = cluster;
    await this.#loop.act(this.#signal);
    return this.#loop.state?.outcome;
  }

  /** Turns of the loop until BIRD runs the configuration. */
  async applyUntilRunning(cluster: ClusterOptions): Promise<void> {
    await until('a running BIRD', async () => {
      const outcome = await this.apply(cluster);
      return outcome?.kind === 'Applied' || outcome?.kind === 'Unchanged';
    });
  }

  async protocols(): Promise<ReadonlyMap<string, ProtocolReport>> {
    return parseProtocols(await this.control.command('show protocols all'));
  }

  async session(peer = 'router-1'): Promise<SpeakerSession> {
    const session = this.#loop.state?.plan?.plan.bgp.sessions.find((one) => one.peer === peer);
    if (!session) throw new Error(`Cannot go on: there is no session "${peer}" in the plan`);
    return sessionReports(identityOf(session), await this.protocols(), Date.now())[0]!;
  }

  async established(peer = 'router-1'): Promise<SpeakerSession> {
    let session = await this.session(peer);
    await until(`session ${peer} (${session.state}, ${session.lastError})`, async () => {
      session = await this.session(peer);
      return session.state === 'Established';
    });
    return session;
  }

  configOnDisk(): string {
    return readFileSync(join(this.runDir, 'bird.conf'), 'utf8');
  }

  #newLoop(binary = birdBinary()): SpeakerLoop {
    return new SpeakerLoop({
      plan: () => makePlan(aSnapshot(this.#cluster)),
      bird: new BirdDaemon({ control: this.control, binary, runDir: this.runDir }),
      metrics: speakerMetrics(createMetrics('test')),
      log: LOG,
      onActed: () => {},
      nowMs: () => Date.now(),
    });
  }
}

/** As setpriv spells them. */
function birdCapabilities(): readonly string[] {
  const daemonSet = readBase().find(({ kind }) => kind === 'DaemonSet');
  const bird = daemonSet.spec.template.spec.containers.find(({ name }: { readonly name: string }) => name === 'bird');
  return bird.securityContext.capabilities.add.map((name: string) => `+${name.toLowerCase()}`);
}
