/** A node with kubelet, containerd and kube-proxy, that can lose its power and get it back. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Api } from './api.ts';
import { makeCgroup, removeCgroup } from './cgroups.ts';
import { type ContainerFilter, runningContainers, signalContainer } from './containers.ts';
import { type DualAddress, type Layout, nodeAddress, nodeName, nodePodCidrs } from './layout.ts';
import { Machine } from './machine.ts';
import { setCable } from './network.ts';
import { nodeConfigFiles } from './node-config.ts';
import { eventually } from './poll.ts';
import { plantSeed } from './seed.ts';
import type { RunOptions } from './shell.ts';

const INIT_SCRIPT = fileURLToPath(new URL('./node-init.sh', import.meta.url));
const READY_DEADLINE_MS = 60_000;

export interface NodeOptions {
  readonly layout: Layout;
  readonly number: number;
  readonly binaries: string;
  readonly pauseArchive: string;
  /** The seed of the node's first disk (`seed.ts`). */
  readonly seed: string;
  readonly api: Api;
}

interface LeaseObject {
  readonly spec?: { readonly renewTime?: string };
}

interface NodeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export class LabNode {
  readonly number: number;
  readonly name: string;
  readonly address: DualAddress;
  readonly machine: Machine;
  readonly #options: NodeOptions;
  #bootedAt = 0;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.number = options.number;
    this.name = nodeName(options.number);
    this.address = nodeAddress(options.number);
    this.machine = new Machine(options.layout, this.name);
  }

  /** The node's containerd, seen from this machine. */
  get containerdSocket(): string {
    return join(this.machine.folder, 'disk/run/containerd/containerd.sock');
  }

  /** Gives the node its first disk, with the images of the seed. */
  async makeDisk(): Promise<void> {
    await plantSeed(this.#options.seed, join(this.machine.folder, 'disk/var/lib/containerd'));
  }

  /** Boots as far as containerd; kubelet waits for {@link join}. */
  async boot(): Promise<void> {
    const { layout, binaries, pauseArchive } = this.#options;
    const pki = join(layout.state, 'pki');
    const files = nodeConfigFiles({
      number: this.number,
      name: this.name,
      folder: this.machine.folder,
      pki,
      cgroup: this.#cgroup,
    });
    await mkdir(this.machine.folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(this.machine.folder, name), text);
    await makeCgroup(this.#cgroup);
    this.#bootedAt = Date.now();
    await this.machine.boot(INIT_SCRIPT, {
      LAB_BIN: binaries,
      LAB_PKI: pki,
      LAB_PAUSE: pauseArchive,
      LAB_NODE_IPS: `${this.address.v4},${this.address.v6}`,
    });
  }

  /** Makes the Node object and lets kubelet start. */
  async join(): Promise<void> {
    const { v4, v6 } = nodePodCidrs(this.number);
    await this.#options.api.create('/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: this.name },
      spec: { podCIDR: v4, podCIDRs: [v4, v6] },
    });
    await writeFile(join(this.machine.folder, 'go'), '');
  }

  /** The conditions from before a power loss stay until the heartbeat is missed, so only a later heartbeat counts. */
  async isReady(): Promise<boolean> {
    const [node, lease] = await Promise.all([
      this.#options.api.get<NodeObject>(`/api/v1/nodes/${this.name}`),
      this.#options.api.get<LeaseObject>(`/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${this.name}`),
    ]);
    const ready = node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
    return ready && Date.parse(lease.spec?.renewTime ?? '') >= this.#bootedAt;
  }

  async waitUntilReady(deadlineMs = READY_DEADLINE_MS): Promise<void> {
    const probe = async () => {
      await this.machine.refuseIfOff();
      return this.isReady();
    };
    await eventually(probe, {
      what: `node ${this.name} Ready (its logs: ${this.machine.folder})`,
      deadlineMs,
    });
  }

  /** Pulls the cable and ends everything on the node at once: no program can shut down in order. */
  async powerOff(): Promise<void> {
    await setCable(this.#options.layout, this.name, 'down');
    await this.machine.kill();
    // Each pod's cgroup left behind costs a starting kubelet three seconds.
    await removeCgroup(`${this.#cgroup}/kubepods`);
  }

  /** Boots with the disk as it was. Does not wait for Ready. */
  async powerOn(): Promise<void> {
    await setCable(this.#options.layout, this.name, 'up');
    await this.boot();
  }

  /** Sends the signal to every running container that matches the filter. @returns the number of containers. */
  async signalContainers(filter: ContainerFilter, signal: NodeJS.Signals): Promise<number> {
    const ids = await runningContainers(this.containerdSocket, filter);
    await Promise.all(ids.map((id) => signalContainer(this.containerdSocket, id, signal)));
    return ids.length;
  }

  async exec(command: readonly string[], options?: RunOptions): Promise<string> {
    return this.machine.exec(command, options);
  }

  get #cgroup(): string {
    return `${this.#options.layout.cgroup}/${this.name}`;
  }
}
