/** An API server, an allocator, and as many nodes as asked for, each with a simulated speaker and a session. */
import { EIP_LABEL } from '../../../lib/api/keys.ts';
import type { EndpointSlice, Node, Service } from '../../../lib/api/service/service.ts';
import type { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { BGP_CONFS, BGP_PEERS, EIPS, ENDPOINT_SLICES, NODES, SERVICES } from '../../../lib/kube/resource.ts';
import { eventually } from '../../lab/poll.ts';
import { ALLOCATOR_USER, startAllocator } from '../../support/allocator-daemon.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import type { Daemon } from '../../support/daemon.ts';
import { SPEAKER_USER } from '../../support/speaker-daemon.ts';
import { installForSpeakers } from '../../support/speaker-objects.ts';
import { inParallel } from '../in-parallel.ts';
import { SimulatedSpeaker } from './simulated-speaker.ts';

const OPENELB = 'network.kubesphere.io/v1alpha2';
const PEER = 'router';
const POOL = 'fleet';
const NAMESPACE = 'default';
const PARALLEL = 16;
const DEADLINE_MS = 300_000;

export interface LocalServices extends AsyncDisposable {
  readonly slices: readonly EndpointSlice[];
}

export class Fleet implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly allocator: Daemon;
  readonly speakers: SimulatedSpeaker[] = [];
  readonly #client: HttpKubeClient;
  #services = 0;
  #nodes = 0;

  private constructor(plane: ControlPlane, allocator: Daemon) {
    this.plane = plane;
    this.allocator = allocator;
    this.#client = plane.client();
  }

  static async start(): Promise<Fleet> {
    const plane = await ControlPlane.start({ users: [SPEAKER_USER, ALLOCATOR_USER] });
    try {
      await installForSpeakers(plane);
      const client = plane.client();
      const spec = { address: '198.18.0.0/16' };
      await client.create(EIPS, { apiVersion: OPENELB, kind: 'Eip', metadata: { name: POOL }, spec });
      await client.create(BGP_CONFS, {
        apiVersion: OPENELB,
        kind: 'BgpConf',
        metadata: { name: 'default' },
        spec: { as: 64512 },
      });
      await client.create(BGP_PEERS, {
        apiVersion: OPENELB,
        kind: 'BgpPeer',
        metadata: { name: PEER },
        spec: { conf: { neighborAddress: '192.0.2.1', peerAs: 64513 } },
      });
      const { daemon: allocator } = await startAllocator({ plane, name: 'allocator-0', folder: plane.dir });
      return new Fleet(plane, allocator);
    } catch (error) {
      await plane[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Adds nodes until there are so many, and waits until each has reported. */
  async growTo(count: number): Promise<void> {
    const names = Array.from(
      { length: count - this.speakers.length },
      () => `node-${String(++this.#nodes).padStart(5, '0')}`,
    );
    const access = {
      server: this.plane.url,
      token: this.plane.user(SPEAKER_USER).token,
      tls: { ca: this.plane.caPem },
    };
    await inParallel(PARALLEL, names, async (nodeName, i) => {
      const node = await this.#client.create(NODES, { metadata: { name: nodeName } });
      await this.#client.replace(NODES, { ...node, status: statusOf(i, true) }, { subresource: 'status' });
      const speaker = new SimulatedSpeaker({ nodeName, peer: PEER, access });
      this.speakers.push(speaker);
      // One after the other, as nodes join; all at once is another thing to measure.
      await eventually(() => speaker.announcedAddresses !== undefined, {
        what: `a report of ${nodeName}`,
        deadlineMs: DEADLINE_MS,
      });
    });
    await this.allReported();
  }

  /** A Service that the allocator gives an address; neither it nor the speakers have heard of it yet. */
  async addService(policy: 'Cluster' | 'Local' = 'Cluster'): Promise<Service> {
    return this.#client.create(SERVICES, {
      metadata: {
        name: `service-${++this.#services}`,
        namespace: NAMESPACE,
        annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb' },
      },
      spec: { type: 'LoadBalancer', externalTrafficPolicy: policy, ports: [{ port: 80 }] },
    });
  }

  /** A change of a Service that no speaker has anything to do for. */
  async touchService(name: string): Promise<void> {
    // What a speaker keeps nothing of, such as an annotation, it does not notice either.
    const metadata = { labels: { 'example.com/change': String(Date.now()) } };
    const ref = { name, namespace: NAMESPACE };
    const { metadata: changed } = await this.#client.patch(SERVICES, ref, { metadata }, { type: 'merge' });
    await this.#all((speaker) => {
      const known = speaker.stores.sources.services.get(`${NAMESPACE}/${name}`);
      return known?.metadata.resourceVersion === changed.resourceVersion;
    });
  }

  /** `Local` Services whose only endpoint is on this node; gone when disposed of. */
  async localServices(nodeName: string, count: number): Promise<LocalServices> {
    const services: Service[] = [];
    const slices: EndpointSlice[] = [];
    for (let i = 0; i < count; i++) {
      const service = await this.addService('Local');
      services.push(service);
      slices.push(await this.#addSlice(service.metadata.name!, nodeName));
    }
    return {
      slices,
      [Symbol.asyncDispose]: async () => {
        for (const { metadata } of services) {
          const ref = { name: metadata.name!, namespace: NAMESPACE };
          await this.#client.delete(SERVICES, ref);
          await this.#client.delete(ENDPOINT_SLICES, ref);
        }
      },
    };
  }

  async #addSlice(service: string, nodeName: string): Promise<EndpointSlice> {
    const labels = {
      [EIP_LABEL]: POOL,
      'kubernetes.io/service-name': service,
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    };
    const endpoints = [{ addresses: ['10.244.1.9'], nodeName, conditions: { ready: true } }];
    const slice: EndpointSlice = {
      metadata: { name: service, namespace: NAMESPACE, labels },
      addressType: 'IPv4',
      endpoints,
    };
    return this.#client.create(ENDPOINT_SLICES, slice);
  }

  /**
   * What the cluster does when a node is lost: it is no longer ready, its endpoints are not, and in the end somebody deletes it. Its speaker is
   * gone from the first moment on.
   */
  async loseNode(nodeName: string, slices: readonly EndpointSlice[]): Promise<void> {
    const index = this.speakers.findIndex((one) => one.nodeName === nodeName);
    const [speaker] = this.speakers.splice(index, 1);
    await speaker![Symbol.asyncDispose]();
    const node: Node = await this.#client.get(NODES, { name: nodeName });
    await this.#client.replace(NODES, { ...node, status: statusOf(0, false) }, { subresource: 'status' });
    for (const slice of slices) {
      const endpoints = (slice.endpoints ?? []).map((one) => ({ ...one, conditions: { ready: false } }));
      const { metadata } = await this.#client.replace(ENDPOINT_SLICES, { ...slice, endpoints });
      await this.#all((one) => {
        const known = one.stores.sources.labelledSlices.get(`${NAMESPACE}/${metadata.name}`);
        return known?.metadata.resourceVersion === metadata.resourceVersion;
      });
    }
    await this.#client.delete(NODES, { name: nodeName });
  }

  /** Waits until every node announces so many addresses. */
  async allAnnounce(count: number): Promise<void> {
    await this.#all(({ announced }) => announced === count);
  }

  /** Waits until every node's Speaker object says so, which takes its turn among all nodes. */
  async allReported(): Promise<void> {
    await this.#all(({ announced, announcedAddresses }) => announcedAddresses === announced);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.speakers.map((speaker) => speaker[Symbol.asyncDispose]()));
    await this.allocator.kill();
    await this.plane[Symbol.asyncDispose]();
  }

  async #all(holds: (speaker: SimulatedSpeaker) => boolean): Promise<void> {
    await eventually(
      () => {
        const missing = this.speakers.filter((speaker) => !holds(speaker)).length;
        return missing === 0 || Promise.reject(new Error(`${missing} of ${this.speakers.length} have not`));
      },
      { what: 'every speaker in step', deadlineMs: DEADLINE_MS },
    );
  }
}

function statusOf(index: number, ready: boolean): NonNullable<Node['status']> {
  const address = `10.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
  return {
    addresses: [{ type: 'InternalIP', address }],
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
  };
}
