/**
 * What every row of the benchmark that needs a cluster has: the lab with Skycap in it, a pool, two routers, a client of the API server, and
 * Services to create.
 *
 * The Services are such that only Skycap and the API server are measured: kube-proxy does not see them (they carry the label that gives them to
 * another proxy; three kube-proxies would take the whole machine), and they have no node ports (there are fewer than 10,000). The benchmark writes the
 * EndpointSlice of each after the create call, where a real cluster's controller would, and so at a time that does not depend on the controller.
 */
import { randomBytes } from 'node:crypto';
import type { EndpointSlice } from '../../lib/api/service/service.ts';
import { HttpKubeClient } from '../../lib/kube/http/http-client.ts';
import { BGP_PEERS, EIP_CLAIMS, EIPS, ENDPOINT_SLICES, NAMESPACES, SERVICES } from '../../lib/kube/resource.ts';
import { waitForSessions } from '../lab/demo.ts';
import type { Lab } from '../lab/lab.ts';
import { namespaceOf, ROUTER_AS } from '../lab/layout.ts';
import { eventually } from '../lab/poll.ts';
import { BirdRouter } from './bird-router.ts';
import { inParallel } from './in-parallel.ts';
import { type Kind, type ServiceSpec, serviceOf, sliceOf } from './objects.ts';
import { RoutePresence } from './route-presence.ts';
import { ServiceWatch } from './service-watch.ts';
import { bringSkycapBack, takeSkycapAway } from './without-skycap.ts';

/**
 * Another one each time: for half a minute after a namespace was deleted the API server reads it anew for each creation in a namespace of that name, once for a
 * bare Service and three times for Skycap's.
 */
export const NAMESPACE = `bench-${randomBytes(3).toString('hex')}`;
const OF_BENCH = { purpose: 'bench' };
const EIP = 'bench';
/** Only a machine that is busy with something else needs so long. */
export const DEADLINE_MS = 180_000;
const DELETING_DEADLINE_MS = 300_000;
const PEER = 'bench-router2';
const POOL = '198.18.0.0/16';
const CLAIMED_ALONE = '203.0.113.1';
const isOfPool = (prefix: string) => prefix.startsWith('198.18.');

export interface Created {
  readonly name: string;
  /** By `performance.now()`. */
  readonly startedMs: number;
  readonly tookMs: number;
  readonly slice: EndpointSlice;
}

/** Times from sending the create call on. */
export interface Followed extends Created {
  readonly address: string;
  readonly statusMs: number;
  readonly frrMs: number;
  readonly birdMs: number;
}

export class Bench implements AsyncDisposable {
  readonly lab: Lab;
  readonly client: HttpKubeClient;
  /** Divides the number of repetitions: to try the benchmark out. */
  readonly quick: boolean;
  readonly services: ServiceWatch;
  readonly frr: RoutePresence;
  readonly bird: RoutePresence;
  readonly #router: BirdRouter;
  #names = 0;
  #missed = 0;

  private constructor(lab: Lab, client: HttpKubeClient, quick: boolean, router: BirdRouter, services: ServiceWatch) {
    this.lab = lab;
    this.client = client;
    this.quick = quick;
    this.services = services;
    this.#router = router;
    this.frr = new RoutePresence(namespaceOf(lab.layout, 'router'), isOfPool);
    this.bird = new RoutePresence(router.namespace, isOfPool);
  }

  /** @param lab with Skycap and a session with its router. */
  static async open(lab: Lab, quick: boolean): Promise<Bench> {
    const client = HttpKubeClient.fromKubeconfig({ path: lab.kubeconfig }, { component: 'bench' });
    // A borrowed lab may still be taking leave of the run before, or that one was interrupted.
    const former = async () => {
      const { items } = await client.list(NAMESPACES, { labelSelector: `purpose=${OF_BENCH.purpose}` });
      const standing = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      for (const { metadata } of standing) await client.delete(NAMESPACES, { name: metadata.name ?? '' });
      return items;
    };
    await eventually(async () => (await former()).length === 0, {
      what: 'the namespaces of former runs gone',
      deadlineMs: DELETING_DEADLINE_MS,
    });
    await forgetRestarts(lab);
    const router = await BirdRouter.start(lab);
    await lab.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels: OF_BENCH } },
      {
        apiVersion: 'network.kubesphere.io/v1alpha2',
        kind: 'Eip',
        metadata: { name: EIP },
        spec: { address: POOL, namespaces: [NAMESPACE] },
      },
      {
        apiVersion: 'network.kubesphere.io/v1alpha2',
        kind: 'BgpPeer',
        metadata: { name: PEER },
        spec: { conf: { neighborAddress: router.address, peerAs: router.as } },
      },
    );
    await waitForSessions(lab);
    const bench = new Bench(lab, client, quick, router, await ServiceWatch.start(client, NAMESPACE));
    try {
      // What a run that was interrupted left in a borrowed lab.
      await bench.clear();
      await bench.#waitForAddressInCreateCall();
      return bench;
    } catch (error) {
      await bench[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Creations of Skycap's that were answered without an address: the webhook had not answered within its 3 s. */
  get missed(): number {
    return this.#missed;
  }

  /** @returns how many of what a full run does `count` times this run does. */
  times(count: number): number {
    return this.quick ? Math.max(10, Math.round(count / 10)) : count;
  }

  /** Creates one Service, and then its EndpointSlice. @returns the time of the create call of the Service alone. */
  async create(kind: Kind, spec: Partial<ServiceSpec> = {}): Promise<Created> {
    const name = `${kind}-${++this.#names}`;
    const service = serviceOf(kind, { name, namespace: NAMESPACE, eip: EIP }, spec);
    const startedMs = performance.now();
    const created = await this.client.create(SERVICES, service);
    const tookMs = performance.now() - startedMs;
    if (kind === 'ours' && !created.metadata.annotations?.['skycap.io/addresses']) this.#missed++;
    return { name, startedMs, tookMs, slice: await this.client.create(ENDPOINT_SLICES, sliceOf(service)) };
  }

  /** Creates a Service that nobody serves, and deletes it. @returns the time of the create call. */
  async createBareAndDelete(): Promise<number> {
    const { name, tookMs } = await this.create('bare');
    await this.delete([name]);
    return tookMs;
  }

  /** Writes a claim such as the webhook's, of an address that no Eip has, and deletes it. @returns the time that writing it took. */
  async createClaim(): Promise<number> {
    const holder = {
      // Claims that go unused keep their namespace from getting addresses at admission (decisions/0003).
      namespace: `${NAMESPACE}-claims`,
      name: 'of-nobody',
      token: 'bench',
      ports: [{ port: 80, protocol: 'TCP' as const }],
      externalTrafficPolicy: 'Cluster' as const,
      selector: '',
      since: new Date().toISOString(),
    };
    const startedMs = performance.now();
    await this.client.create(EIP_CLAIMS, {
      apiVersion: 'skycap.io/v1alpha1',
      kind: 'EipClaim',
      metadata: { name: CLAIMED_ALONE },
      spec: { address: CLAIMED_ALONE, eip: EIP, holders: [holder] },
    });
    const tookMs = performance.now() - startedMs;
    await this.client.delete(EIP_CLAIMS, { name: CLAIMED_ALONE });
    return tookMs;
  }

  /** Creates one of Skycap's Services and follows it to the routers' kernels. */
  async createAndFollow(spec?: Partial<ServiceSpec>): Promise<Followed> {
    const created = await this.create('ours', spec);
    const statusMs = await this.services.published([created.name], DEADLINE_MS);
    const [address = ''] = this.services.addressesOf([created.name]);
    const frrMs = await this.frr.appeared(address, DEADLINE_MS);
    const birdMs = await this.bird.appeared(address, DEADLINE_MS);
    const { startedMs } = created;
    return {
      ...created,
      address,
      statusMs: statusMs - startedMs,
      frrMs: frrMs - startedMs,
      birdMs: birdMs - startedMs,
    };
  }

  /** Creates so many, one after the other in each of `parallel` workers. @returns their names. */
  async createMany(kind: Kind, count: number, parallel: number): Promise<string[]> {
    const names: string[] = [];
    await inParallel(parallel, Array.from({ length: count }), async () => names.push((await this.create(kind)).name));
    return names;
  }

  async delete(names: readonly string[], parallel = 16): Promise<void> {
    await inParallel(parallel, names, async (name) => {
      await this.client.delete(SERVICES, { name, namespace: NAMESPACE });
      await this.client.delete(ENDPOINT_SLICES, { name, namespace: NAMESPACE });
    });
  }

  /** Runs `work` in the cluster without Skycap. New processes of Skycap run afterwards, and have the sessions of the former ones. */
  async withoutSkycap<T>(work: () => Promise<T>): Promise<T> {
    await takeSkycapAway(this.lab);
    try {
      return await work();
    } finally {
      await bringSkycapBack(this.lab);
      await waitForSessions(this.lab);
      await this.#waitForAddressInCreateCall();
    }
  }

  /** Deletes all Services and waits until nothing is left of them anywhere. */
  async clear(): Promise<void> {
    const { items } = await this.client.list(SERVICES, { namespace: NAMESPACE });
    await this.delete(items.map(({ metadata }) => metadata.name!));
    await eventually(async () => (await this.poolUsage()) === 0, {
      what: 'the pool of the benchmark empty',
      deadlineMs: DELETING_DEADLINE_MS,
      intervalMs: 250,
    });
  }

  async poolUsage(): Promise<number> {
    return (await this.client.get(EIPS, { name: EIP })).status?.usage ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.services[Symbol.asyncDispose]();
    await this.frr[Symbol.asyncDispose]();
    await this.bird[Symbol.asyncDispose]();
    await this.client.delete(BGP_PEERS, { name: PEER }).catch(() => undefined);
    await this.client.delete(NAMESPACES, { name: NAMESPACE }).catch(() => undefined);
    await this.client.delete(EIPS, { name: EIP }).catch(() => undefined);
    await this.#router[Symbol.asyncDispose]();
    await this.client.close();
  }

  /** Until the webhook, both routers and everything between them serve a Service. */
  async #waitForAddressInCreateCall(): Promise<void> {
    await eventually(
      async () => {
        const missedBefore = this.#missed;
        const { name, address } = await this.createAndFollow();
        await this.delete([name]);
        await Promise.all([this.frr.gone(address, DEADLINE_MS), this.bird.gone(address, DEADLINE_MS)]);
        const isAssigned = this.#missed === missedBefore;
        this.#missed = missedBefore;
        return isAssigned;
      },
      { what: 'an address in a create call', deadlineMs: DEADLINE_MS, intervalMs: 250 },
    );
  }
}

/**
 * Ends graceful restart on the router with FRR. Without it a bgpd of FRR 8.4 crashes when the restart time of a neighbour that connected by itself runs out
 * (bgp_graceful_restart_timer_expire), as it does when Skycap is away for two minutes.
 */
async function forgetRestarts(lab: Lab): Promise<void> {
  const commands = [
    'configure terminal',
    `router bgp ${ROUTER_AS}`,
    'bgp graceful-restart-disable',
    'end',
    'clear bgp *',
  ];
  await lab.exec('router', ['vtysh', ...commands.flatMap((command) => ['-c', command])]);
}
