/**
 * The allocator in a test: a real API server with the CRDs and the RBAC of `manifests/`, no webhook, and any number of replicas in this process, each
 * with a connection of its own and the rights of the ServiceAccount. A request that RBAC refuses fails the test run.
 */

import { join } from 'node:path';
import { Registry } from 'prom-client';
import { type RunningAllocator, runAllocator } from '../../../allocator/leader/run.ts';
import type { EipObject } from '../../../lib/api/eip/eip-types.ts';
import { ALL_PROTOCOLS } from '../../../lib/api/eip/protocols.ts';
import { ADDRESS_ASSIGNED_CONDITION } from '../../../lib/api/keys.ts';
import type { Condition } from '../../../lib/api/meta/object.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import type { ClaimHolder, EipClaim } from '../../../lib/api/skycap/claim.ts';
import type { ListPage } from '../../../lib/kube/client.ts';
import type { LeaderTiming } from '../../../lib/kube/election/leader-step.ts';
import { isNotFound } from '../../../lib/kube/errors.ts';
import { EVENTS, type EventObject } from '../../../lib/kube/events/event.ts';
import { EventRecorder } from '../../../lib/kube/events/events.ts';
import { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { EIP_CLAIMS, EIPS, NAMESPACES, SERVICES } from '../../../lib/kube/resource.ts';
import { evaluate } from '../../../lib/process/health/check.ts';
import { ALLOCATOR_USER } from '../../support/allocator-daemon.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { eventually as eventuallyWithin, until } from '../../support/eventually.ts';
import { type LogSink, logSink } from '../../support/log-sink.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** A leader that does not renew is followed soon; tests do not wait ten seconds for it. */
export const TIMING: LeaderTiming = { leaseMs: 4_000, renewDeadlineMs: 3_000, renewMs: 500 };
/** Short, but longer than a test's own writes take. */
export const GRACE_SECONDS = 3;
/** A user without any right. */
export const NO_RIGHTS_USER = 'nobody';
export const HISTORY_GATHER_MS = 1_000;

/** Shorter than jest's patience with a test, so that it is the reason which is shown. */
export function eventually<T>(check: () => T | Promise<T>, withinMs = 10_000): Promise<T> {
  return eventuallyWithin(check, { withinMs });
}

export class Replica {
  readonly log: LogSink;
  readonly registry = new Registry();
  readonly #client: HttpKubeClient;
  readonly #stop = new AbortController();
  readonly #running: RunningAllocator;

  constructor(plane: ControlPlane, name: string, timing: LeaderTiming, claimGraceSeconds = GRACE_SECONDS) {
    this.log = logSink('allocator');
    const { log } = this.log;
    const access = { server: plane.url, token: plane.user(ALLOCATOR_USER).token, tls: { ca: plane.caPem } };
    this.#client = HttpKubeClient.fromToken(access, { component: 'allocator', registry: this.registry });
    const recorder = new EventRecorder({ client: this.#client, controller: 'skycap-allocator', instance: name, log });
    this.#running = runAllocator(
      {
        client: this.#client,
        config: {
          namespace: 'skycap-system',
          podName: name,
          unmarkedServices: 'defaultEip',
          claimGraceSeconds,
          workers: 16,
          historyEntries: 10_000,
          historyDays: 90,
          protocols: ALL_PROTOCOLS,
        },
        events: {
          record: (regarding, { message, ...event }) => recorder.record({ regarding, ...event, note: message }),
        },
        log,
        registry: this.registry,
        timing,
        historyGatherMs: HISTORY_GATHER_MS,
      },
      this.#stop.signal,
    );
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the test stops it'));
    await this.#running.ended;
    await this.#client.close();
  }

  /** As a crash: no request gets through any more, and the Lease is not given back. */
  async vanish(): Promise<void> {
    await this.#client.close();
    this.#stop.abort(new Error('the test ends it'));
    await this.#running.ended.catch(() => {});
  }

  /** Whether it leads, or could take over. */
  isReady(): boolean {
    return evaluate(this.#running.ready).ok;
  }

  isLeading(): Promise<boolean> {
    return this.#value('skycap_leader').then((value) => value === 1);
  }

  /** Requests that change something, by verb and resource; not those for the Lease and for Events. */
  async writes(): Promise<Record<string, number>> {
    const requests = await this.#requests();
    const writes = requests.filter(({ labels: { verb, resource } }) => {
      return ['create', 'update', 'patch', 'delete'].includes(verb!) && resource !== 'leases' && resource !== 'events';
    });
    return Object.fromEntries(
      writes.map(({ labels: { verb, resource, code }, value }) => [`${verb} ${resource} ${code}`, value]),
    );
  }

  /** Reconciles of Services so far. */
  async passes(): Promise<number> {
    const text = await this.registry.getSingleMetricAsString('skycap_allocator_reconcile_seconds');
    const counts = text.matchAll(/^skycap_allocator_reconcile_seconds_count\{queue="services".*\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  async refused(): Promise<string[]> {
    const requests = await this.#requests();
    return requests.flatMap(({ labels }) => (labels.code === '403' ? [`${labels.verb} ${labels.resource}`] : []));
  }

  /** Waits until it has nothing to do any more. */
  async idle(): Promise<void> {
    let quietSince = performance.now();
    let before = '';
    await until('the allocator has nothing to do any more', async () => {
      const now = JSON.stringify(await this.writes()) + (await this.#value('skycap_allocator_queue_length'));
      if (now !== before) quietSince = performance.now();
      before = now;
      return performance.now() - quietSince > 500;
    });
  }

  async #requests(): Promise<{ labels: Partial<Record<string, string>>; value: number }[]> {
    const metric = await this.registry.getSingleMetric('skycap_api_requests_total')?.get();
    return (metric?.values ?? []) as { labels: Partial<Record<string, string>>; value: number }[];
  }

  async #value(name: string): Promise<number> {
    const metric = await this.registry.getSingleMetric(name)?.get();
    return (metric?.values ?? []).reduce((sum, { value }) => sum + value, 0);
  }
}

export class AllocatorLab implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly admin: HttpKubeClient;
  readonly #replicas = new Set<Replica>();
  readonly #gone: Replica[] = [];

  private constructor(plane: ControlPlane) {
    this.plane = plane;
    this.admin = plane.client();
  }

  static async start(): Promise<AllocatorLab> {
    const plane = await ControlPlane.start({ users: [ALLOCATOR_USER, NO_RIGHTS_USER] });
    const files = ['crds/eips', 'crds/eipclaims', 'crds/bgpconfs', 'crds/bgppeers', 'crds/speakers'];
    files.push('crds/addresshistories');
    files.push('base/namespace', 'base/rbac');
    await plane.kubectl(['apply', ...files.flatMap((file) => ['-f', join(ROOT, 'manifests', `${file}.yaml`)])]);
    await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
    return new AllocatorLab(plane);
  }

  /** Starts a replica; the first one leads. */
  async replica(name = 'allocator-0', timing = TIMING, claimGraceSeconds = GRACE_SECONDS): Promise<Replica> {
    const replica = new Replica(this.plane, name, timing, claimGraceSeconds);
    this.#replicas.add(replica);
    if (this.#replicas.size === 1) await until('the replica leads', () => replica.isLeading());
    return replica;
  }

  async stop(replica: Replica): Promise<void> {
    this.#replicas.delete(replica);
    this.#gone.push(replica);
    await replica.stop();
  }

  async vanish(replica: Replica): Promise<void> {
    this.#replicas.delete(replica);
    this.#gone.push(replica);
    await replica.vanish();
  }

  /** A namespace of its own for a test, and an Eip of its own for it. */
  async pool(name: string, address: string, spec: object = {}): Promise<void> {
    await this.namespace(name);
    await this.eip(name, address, { namespaces: [name], ...spec });
  }

  async namespace(name: string, labels: Record<string, string> = {}): Promise<void> {
    await this.admin.create(NAMESPACES, { metadata: { name, labels } });
  }

  eip(name: string, address: string, spec: object = {}, metadata: object = {}): Promise<EipObject> {
    return this.admin.create(EIPS, { metadata: { name, ...metadata }, spec: { address, ...spec } });
  }

  create(
    key: string,
    annotations: Record<string, string> = {},
    spec: Service['spec'] = {},
    metadata: object = {},
  ): Promise<Service> {
    return this.admin.create(SERVICES, serviceObject(key, annotations, spec, metadata));
  }

  service(key: string): Promise<Service> {
    return this.admin.get(SERVICES, refOf(key));
  }

  async remove(key: string): Promise<void> {
    await this.admin.delete(SERVICES, refOf(key));
  }

  patch(key: string, body: unknown): Promise<Service> {
    return this.admin.patch(SERVICES, refOf(key), body, { type: 'merge' });
  }

  async eipStatus(name: string): Promise<NonNullable<EipObject['status']>> {
    return (await this.admin.get(EIPS, { name })).status ?? {};
  }

  /** Waits until the Service publishes these addresses, comma-separated; none means pending. */
  async published(key: string, addresses: string): Promise<Service> {
    return eventually(async () => {
      const service = await this.service(key);
      expect(`${key} ${publishedBy(service)} ${assigned(service)?.status}`).toBe(
        `${key} ${addresses} ${addresses ? 'True' : 'False'}`,
      );
      return service;
    });
  }

  /** Waits for the reason in the Service's condition. */
  async reason(key: string, reason: string, withinMs?: number): Promise<Service> {
    return eventually(async () => {
      const service = await this.service(key);
      expect(`${key} ${assigned(service)?.reason}`).toBe(`${key} ${reason}`);
      return service;
    }, withinMs);
  }

  /** Address → holders as `namespace/name`, of the claims of a namespace. */
  async claims(namespace: string): Promise<Record<string, string>> {
    const { items } = await this.admin.list(EIP_CLAIMS);
    const ours = items.filter(({ spec }) => spec.holders.some((holder) => holder.namespace === namespace));
    return Object.fromEntries(ours.map(({ spec }) => [spec.address, spec.holders.map(holderText).join(';')]));
  }

  events(namespace: string): Promise<ListPage<EventObject>> {
    return this.admin.list(EVENTS, { namespace });
  }

  async claim(name: string): Promise<EipClaim | undefined> {
    try {
      return await this.admin.get(EIP_CLAIMS, { name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Ends everything. @throws where RBAC has refused a request of a replica. */
  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#replicas, ...this.#gone];
    try {
      await Promise.all([...this.#replicas].map((replica) => replica.stop()));
      const refused = (await Promise.all(all.map((replica) => replica.refused()))).flat();
      expect([...new Set(refused)]).toEqual([]);
    } finally {
      await this.plane[Symbol.asyncDispose]();
    }
  }
}

/** @param key `namespace/name`; a name that ends in `-` is generated. */
export function serviceObject(
  key: string,
  annotations: Record<string, string> = {},
  spec: Service['spec'] = {},
  metadata: object = {},
): Service {
  const { namespace, name } = refOf(key);
  return {
    metadata: {
      namespace,
      ...(name.endsWith('-') ? { generateName: name } : { name }),
      annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb', ...annotations },
      ...metadata,
    },
    spec: { type: 'LoadBalancer', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  };
}

export function publishedBy(service: Service): string {
  return (service.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip).join(',');
}

export function assigned(service: Service): Condition | undefined {
  return service.status?.conditions?.find(({ type }) => type === ADDRESS_ASSIGNED_CONDITION);
}

export function refOf(key: string): { namespace: string; name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}

function holderText({ namespace, name }: ClaimHolder): string {
  return `${namespace}/${name ?? '?'}`;
}
