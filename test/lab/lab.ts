/**
 * The lab: a real cluster on this machine. `await using lab = await Lab.start()` and everything is gone again at the end of the scope,
 * whatever happens in it.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Api } from './api.ts';
import { type AuditEvent, forbiddenIn } from './audit.ts';
import { cleanUp, refuseForeign, saveLogs } from './cleanup.ts';
import { Client } from './client.ts';
import { apiOf, ControlPlane } from './control-plane.ts';
import { OUTSIDE_ADDRESS } from './fabric/fabric-plan.ts';
import { FABRIC_ROUTERS, type Layout, layoutOf, nodeNumbers, OUTSIDE } from './layout.ts';
import { Machine } from './machine.ts';
import { buildNetwork } from './network.ts';
import { networkPlanFor } from './network-plan.ts';
import { LabNode } from './node.ts';
import { importImage, type OciImage } from './oci.ts';
import { makePki } from './pki.ts';
import { eventually } from './poll.ts';
import { identityOf, isRunning, type ProcessIdentity } from './processes.ts';
import { type Progress, silentProgress } from './progress.ts';
import { Router } from './router.ts';
import { prepareSeed } from './seed.ts';
import { type RunOptions, run } from './shell.ts';

export interface LabOptions {
  /** `sk` and a letter; labs of different names stand side by side. @default SKYCAP_LAB_NAME, or `skl` */
  readonly name?: string;
  /** @default 3 */
  readonly nodes?: number;
  /** Folder with the Kubernetes programs and etcd (`binaries.ts` finds or makes it). */
  readonly binaries: string;
  /** Archive of the sandbox image (`pause-image.ts`). */
  readonly pauseArchive: string;
  /** The image that is on every node from the start (`skycap-image.ts`). */
  readonly image: OciImage;
  readonly progress?: Progress;
}

/** The data that {@link Lab.attach} needs of a running lab. */
interface LabRecord {
  readonly owner: ProcessIdentity;
  readonly nodes: number;
  readonly binaries: string;
  readonly pauseArchive: string;
  readonly seed: string;
  readonly adminToken: string;
  readonly caPem: string;
}

const SERVICE_ACCOUNT_DEADLINE_MS = 20_000;
const DEFAULT_LAB = 'skl';

/** The lab's name by default. */
export function defaultLab(): string {
  return process.env.SKYCAP_LAB_NAME || DEFAULT_LAB;
}

export class Lab implements AsyncDisposable {
  readonly layout: Layout;
  readonly nodes: readonly LabNode[];
  readonly router: Router;
  readonly client: Client;
  readonly controlPlane: ControlPlane;
  readonly api: Api;
  readonly #record: LabRecord;

  private constructor(layout: Layout, record: LabRecord) {
    this.layout = layout;
    this.#record = record;
    this.api = apiOf(layout, record);
    this.controlPlane = new ControlPlane(layout, record.binaries);
    this.router = new Router(layout);
    this.client = new Client(layout);
    this.nodes = nodeNumbers(record.nodes).map((number) => new LabNode({ ...record, layout, number, api: this.api }));
  }

  /** Cleans up after the last run, then starts everything. After a failure only the logs stay. */
  static async start(options: LabOptions): Promise<Lab> {
    const layout = await refuseIfTaken(options.name);
    const progress = options.progress ?? silentProgress;
    await cleanUp(layout);
    const numbers = nodeNumbers(options.nodes ?? 3);
    await mkdir(layout.state, { recursive: true, mode: 0o711 });
    const seed = await progress.step('images for the nodes', () => prepareSeed(layout, options.image));
    const pki = await makePki(layout, numbers);
    const record: LabRecord = {
      owner: (await identityOf(process.pid))!,
      nodes: numbers.length,
      binaries: options.binaries,
      pauseArchive: options.pauseArchive,
      seed,
      adminToken: pki.adminToken,
      caPem: pki.caPem,
    };
    await writeFile(recordPath(layout), JSON.stringify(record), { mode: 0o600 });
    const lab = new Lab(layout, record);
    try {
      await progress.step('networks', () => buildNetwork(networkPlanFor(layout, numbers.length)));
      await progress.step('control plane', async () => {
        // Meanwhile the nodes boot as far as containerd; the router depends on nothing.
        const nodes = lab.nodes.map((node) => node.makeDisk().then(() => node.boot()));
        await allDone([lab.controlPlane.start(lab.api), ...nodes, lab.router.start()]);
      });
      await progress.step(`${numbers.length} nodes`, async () => {
        await allDone(lab.nodes.map((node) => node.join()));
        await allDone([...lab.nodes.map((node) => node.waitUntilReady()), lab.router.waitUntilReady()]);
        await lab.#waitForServiceAccount();
        await lab.loadImage(options.image);
      });
      return lab;
    } catch (error) {
      const logs = await lab.saveLogs();
      await lab.dispose();
      throw new Error(`${error instanceof Error ? error.message : error}\nLogs: ${logs}`, { cause: error });
    }
  }

  /** The lab that another process started. Disposing of the result takes that lab down. */
  static async attach(name = defaultLab()): Promise<Lab> {
    const layout = layoutOf(name);
    const record = await readLabRecord(layout);
    if (!record) throw new Error(`Cannot attach to the lab "${name}": none is running; start one with: npm run lab`);
    return new Lab(layout, record);
  }

  get name(): string {
    return this.layout.name;
  }

  get kubeconfig(): string {
    return this.layout.kubeconfig;
  }

  get kubectlPath(): string {
    return join(this.#record.binaries, 'kubectl');
  }

  /** @param number from 1. */
  node(number: number): LabNode {
    const node = this.nodes[number - 1];
    if (!node) throw new RangeError(`Cannot find node ${number}: the lab has ${this.nodes.length}`);
    return node;
  }

  /** kubectl as cluster admin. @returns its standard output. */
  async kubectl(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return run(this.kubectlPath, args, { ...options, env: { ...options.env, KUBECONFIG: this.kubeconfig } });
  }

  /** Applies objects as `kubectl apply -f -` does. */
  async apply(...objects: readonly object[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    await this.kubectl(['apply', '-f', '-'], { input: JSON.stringify(list) });
  }

  /** Brings the image to every node that is switched on. */
  async loadImage(image: OciImage): Promise<void> {
    await Promise.all(
      this.nodes.map(async (node) => {
        if (await node.machine.isRunning()) await importImage(image, node.containerdSocket);
      }),
    );
  }

  /** Runs a program on a machine of the lab: `n1`…, `router`, `client`, or one of the fabric's. */
  async exec(machine: string, command: readonly string[], options?: RunOptions): Promise<string> {
    const [program, ...args] = await this.enter(machine, command);
    return run(program, args, options);
  }

  /** The command that runs `command` on a machine of the lab. */
  async enter(machine: string, command: readonly string[]): Promise<[string, ...string[]]> {
    if (machine === 'client') return this.client.enter(command);
    if (machine === OUTSIDE) return new Client(this.layout, OUTSIDE, OUTSIDE_ADDRESS).enter(command);
    if (machine === 'router' || FABRIC_ROUTERS.some((router) => router === machine))
      return new Machine(this.layout, machine).enter(command);
    const node = this.nodes.find(({ name }) => name === machine);
    if (!node) throw new RangeError(`Cannot run a program on "${machine}": write client, router or a node such as n1`);
    return node.machine.enter(command);
  }

  /** Requests of Skycap's own accounts that RBAC refused, as the API server's audit log has them. */
  async forbiddenRequests(): Promise<AuditEvent[]> {
    return forbiddenIn(await readFile(this.layout.auditLog, 'utf8'));
  }

  /** Copies the logs of all machines and pods to a folder that outlives the lab. @returns the folder. */
  async saveLogs(): Promise<string> {
    return saveLogs(this.layout);
  }

  /** Takes everything down. */
  async dispose(): Promise<void> {
    await this.detach();
    await cleanUp(this.layout);
  }

  /** Releases the client without taking anything down: for a process that attached to another process's lab. */
  async detach(): Promise<void> {
    await this.api[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  /** Without the service account, the API server refuses the first pod of the namespace. */
  async #waitForServiceAccount(): Promise<void> {
    await eventually(() => this.api.get('/api/v1/namespaces/default/serviceaccounts/default').then(() => true), {
      what: `the default service account (log: ${this.controlPlane.logOf('kube-controller-manager')})`,
      deadlineMs: SERVICE_ACCOUNT_DEADLINE_MS,
    });
  }
}

/** Like Promise.all, but no work is still under way when it throws, since the caller then takes everything down. */
async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

function recordPath(layout: Layout): string {
  return join(layout.state, 'lab.json');
}

async function readLabRecord(layout: Layout): Promise<LabRecord | undefined> {
  const text = await readFile(recordPath(layout), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as LabRecord);
}

/** The process that keeps the lab, if it still runs. */
export async function ownerOf(layout: Layout): Promise<ProcessIdentity | undefined> {
  const owner = (await readLabRecord(layout))?.owner;
  return owner && (await isRunning(owner)) ? owner : undefined;
}

/**
 * A lab whose owner is alive is in use, and namespaces without a record of this lab belong to something else. Only left-overs may be removed.
 *
 * @throws {Error} if the name is in use.
 */
export async function refuseIfTaken(name = defaultLab()): Promise<Layout> {
  const layout = layoutOf(name);
  const owner = await ownerOf(layout);
  if (owner && owner.pid !== process.pid) {
    const down = `${name === DEFAULT_LAB ? '' : `SKYCAP_LAB_NAME=${name} `}npm run lab -- down`;
    throw new Error(
      `Cannot start the lab "${name}": it is in use by process ${owner.pid}; end that one first, or run: ${down}`,
    );
  }
  await refuseForeign(layout);
  return layout;
}
