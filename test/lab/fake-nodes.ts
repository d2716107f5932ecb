/**
 * Nodes that are only objects, without kubelet, pods and network. They make a cluster large for a component that counts, lists or watches nodes.
 *
 * A node counts as alive as long as its Lease is renewed, so this class only renews Leases. The nodes get no pods: they have a taint, and lack the label
 * `kubernetes.io/os: linux` by which a DaemonSet that tolerates every taint (Skycap's speaker) selects its nodes.
 */
import type { Api } from './api.ts';

export interface FakeNodesOptions {
  readonly count: number;
  /** @default 'fake' */
  readonly prefix?: string;
  /** Added to the label that all of them have. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** All fake nodes: `kubectl get nodes -l skycap.io/lab-fake`. */
export const FAKE_NODE_LABEL = 'skycap.io/lab-fake';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
/** The lab's controller manager takes a node for lost after 20 s. */
const RENEW_EVERY_MS = 7_000;
const LEASE_SECONDS = 40;
const IN_PARALLEL = 16;

export class FakeNodes implements AsyncDisposable {
  readonly names: readonly string[];
  readonly #api: Api;
  readonly #timer: NodeJS.Timeout;
  #renewal: Promise<unknown> = Promise.resolve();

  private constructor(api: Api, names: readonly string[]) {
    this.#api = api;
    this.names = names;
    this.#timer = setInterval(() => {
      // One round after the other, since a slow API server must not get more requests.
      this.#renewal = this.#renewal.then(() => this.#renewAll());
    }, RENEW_EVERY_MS);
    // The timer must not keep a process alive whose test forgets to dispose.
    this.#timer.unref();
  }

  static async start(api: Api, options: FakeNodesOptions): Promise<FakeNodes> {
    const { count, prefix = 'fake', labels = {} } = options;
    const names = Array.from({ length: count }, (_, i) => `${prefix}-${String(i + 1).padStart(4, '0')}`);
    await forEach(names, async (name, i) => {
      await api.create('/api/v1/nodes', fakeNode(name, i, labels));
      await api.create(LEASES, leaseOf(name));
    });
    return new FakeNodes(api, names);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewal;
    await forEach(this.names, async (name) => {
      await this.#api.delete(`/api/v1/nodes/${name}`);
      // The garbage collection of the node may have been quicker.
      await this.#api.delete(`${LEASES}/${name}`).catch(() => undefined);
    });
  }

  async #renewAll(): Promise<void> {
    await forEach(this.names, async (name) => {
      // A failed renewal looks like an unreachable API server. The next round tries again.
      await this.#api.patch(`${LEASES}/${name}`, { spec: { renewTime: microTime() } }).catch(() => undefined);
    });
  }
}

function fakeNode(name: string, index: number, labels: Readonly<Record<string, string>>): object {
  const now = new Date().toISOString();
  // From 100.64.0.0/10 (RFC 6598), which nothing in the lab uses.
  const address = `100.${64 + ((index >> 16) & 63)}.${(index >> 8) & 255}.${index & 255}`;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { ...labels, [FAKE_NODE_LABEL]: '', 'kubernetes.io/hostname': name } },
    spec: { taints: [{ key: FAKE_NODE_LABEL, effect: 'NoSchedule' }] },
    status: {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'FakeNode',
          message: 'made by the lab',
          lastHeartbeatTime: now,
          lastTransitionTime: now,
        },
      ],
    },
  };
}

function leaseOf(name: string): object {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-node-lease' },
    spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime: microTime() },
  };
}

/** `metav1.MicroTime` wants six digits. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}

async function forEach<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      await work(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: IN_PARALLEL }, worker));
}
