/** The speaker's report about the node of a {@link BirdSite}: the real Reporter, which sees the sockets of the node's namespace, without an API server. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Condition } from '../../../../lib/api/meta/object.ts';
import { createLogger } from '../../../../lib/process/log.ts';
import { createMetrics } from '../../../../lib/process/metrics.ts';
import { BfdPorts } from '../../../../speaker/bird/bfd-ports.ts';
import { BusyPort } from '../../../../speaker/bird/busy-port.ts';
import type { Listener, SocketTable } from '../../../../speaker/bird/listening.ts';
import { speakerMetrics } from '../../../../speaker/metrics.ts';
import { Reporter } from '../../../../speaker/report/report.ts';
import type { SpeakerStatus } from '../../../../speaker/report/status.ts';
import type { BirdSite } from './bird-site.ts';
import type { Lan } from './lan.ts';

const LISTENING = join(import.meta.dirname, '../../../../speaker/bird/listening.ts');

export class NodeReport {
  readonly metrics = speakerMetrics(createMetrics('test'));
  /** Peer and message of the Events. */
  readonly events: string[] = [];
  readonly #lan: Lan;
  readonly #reporter: Reporter;
  #status: SpeakerStatus | undefined;

  constructor(site: BirdSite, lan: Lan) {
    this.#lan = lan;
    const nowMs = () => performance.now();
    const listenersOn = async (port: number, tables: readonly SocketTable[] = ['tcp', 'tcp6']) =>
      this.#inNode<readonly Listener[]>('listenersOn', port, tables);
    const canShareUdpPort = async (port: number, family: 4 | 6) =>
      this.#inNode<boolean>('canShareUdpPort', port, family);
    const report = this;
    this.#reporter = new Reporter({
      loopState: () => site.loopState,
      control: site.control,
      store: {
        synced: true,
        get status() {
          return report.#status;
        },
        write: async (status) => {
          this.#status = status;
        },
        fleetSize: async () => 1,
      },
      busyPort: new BusyPort({ control: site.control, listenersOn, nowMs }),
      onPortInUse: ({ peer, lastError }) => this.events.push(`${peer}: ${lastError}`),
      bfdPorts: new BfdPorts({ control: site.control, listenersOn, canShareUdpPort, uid: 0, nowMs }),
      onBfdPortInUse: (peer, message) => this.events.push(`${peer}: ${message}`),
      silent: () => [],
      layer2: () => undefined,
      metrics: this.metrics,
      log: createLogger({ component: 'test', level: 'silent' }),
      skycapVersion: 'test',
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now(),
    });
  }

  /** After another look. */
  async condition(type: string): Promise<Condition | undefined> {
    await this.#reporter.act(new AbortController().signal);
    return this.#status?.conditions?.find((one) => one.type === type);
  }

  /** `True Ready`. */
  async summary(type: string): Promise<string> {
    const { status, reason } = (await this.condition(type)) ?? {};
    return `${status} ${reason}`;
  }

  /** Calls a function of `listening.ts` in the namespace of the node. */
  #inNode<T>(name: string, ...args: readonly unknown[]): T {
    const code = `import(${JSON.stringify(LISTENING)}).then((all) => all.${name}(...${JSON.stringify(args)})).then((it) => console.log(JSON.stringify(it)))`;
    const words = [
      'netns',
      'exec',
      this.#lan.node,
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      '-e',
      code,
    ];
    return JSON.parse(execFileSync('ip', words, { encoding: 'utf8', env: { PATH: process.env.PATH } })) as T;
  }
}
