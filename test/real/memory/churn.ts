/**
 * A cluster that is never at rest: 20 changes a second to its Services, their endpoints and their pool, by names that are never used twice, so that
 * whatever is remembered by name and not forgotten adds up. The number of Services stays the same.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint, EndpointSlice, Service } from '../../../lib/api/service/service.ts';
import { isConflict, isNotFound, KubeUnreachableError } from '../../../lib/kube/errors.ts';
import type { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { EIPS, ENDPOINT_SLICES, SERVICES } from '../../../lib/kube/resource.ts';
import { eventually } from '../../support/eventually.ts';
import { NOT_READY, READY } from '../../support/speaker-builders.ts';

const NAMESPACE = 'default';
const POOL = 'churn';
const SERVICES_AT_A_TIME = 60;
const EVERY_MS = 50;
/** Some are too few for an address: a Service that waits is remembered as well. */
const POOL_ADDRESS = '198.51.100.0-198.51.100.55';
const REST_DEADLINE_MS = 60_000;

export class Churn {
  readonly #client: HttpKubeClient;
  readonly #node: string;
  readonly #names: string[] = [];
  #made = 0;
  #changes = 0;

  constructor(client: HttpKubeClient, node: string) {
    this.#client = client;
    this.#node = node;
  }

  get changes(): number {
    return this.#changes;
  }

  async start(): Promise<void> {
    await this.#client.create(EIPS, {
      apiVersion: 'network.kubesphere.io/v1alpha2',
      kind: 'Eip',
      metadata: { name: POOL },
      spec: { address: POOL_ADDRESS },
    });
    while (this.#names.length < SERVICES_AT_A_TIME) await this.#create();
  }

  /** Changes for so long, each a moment after the one before, whether that is answered or not. */
  async run(forMs: number): Promise<void> {
    const started = performance.now();
    const pending = new Set<Promise<unknown>>();
    const failures: unknown[] = [];
    for (let n = 1; performance.now() - started < forMs; n++) {
      const change = this.#change()
        .catch((error: unknown) => failures.push(error))
        .finally(() => pending.delete(change));
      pending.add(change);
      await sleep(Math.max(0, started + n * EVERY_MS - performance.now()));
    }
    await Promise.all(pending);
    if (failures.length > 0) throw failures[0];
  }

  /** Waits until all that can have an address has one, published, and so nothing is under way. */
  async rest(): Promise<void> {
    await eventually(
      async () => {
        const { items } = await this.#client.list(SERVICES, { namespace: NAMESPACE });
        const balancers = items.filter(({ spec }) => spec?.type === 'LoadBalancer');
        const published = balancers.filter(({ status }) => status?.loadBalancer?.ingress?.length);
        const { status } = await this.#client.get(EIPS, { name: POOL });
        const expected = Math.min(status?.poolSize ?? 0, balancers.length);
        if (published.length < expected || status?.usage !== published.length) {
          const without = balancers.filter((one) => !published.includes(one)).map(pendingText);
          throw new Error(
            `Cannot see rest: ${published.length} of ${expected} published, usage ${status?.usage}; without: ${without.join('; ')}`,
          );
        }
      },
      { withinMs: REST_DEADLINE_MS, everyMs: 100 },
    );
  }

  async #change(): Promise<void> {
    const kinds = [this.#replace, this.#retype, this.#annotate, this.#flipEndpoint, this.#describePool] as const;
    const kind = kinds[this.#changes++ % kinds.length]!;
    try {
      await kind.call(this);
    } catch (error) {
      // Two changes of one object at the same time, one of what another has just deleted, or a machine too busy to answer in time.
      if (!isNotFound(error) && !isConflict(error) && !(error instanceof KubeUnreachableError)) throw error;
    }
  }

  async #replace(): Promise<void> {
    const oldest = this.#names.shift();
    await this.#create();
    if (!oldest) return;
    await this.#client.delete(SERVICES, { name: oldest, namespace: NAMESPACE });
    await this.#client.delete(ENDPOINT_SLICES, { name: oldest, namespace: NAMESPACE });
  }

  async #retype(): Promise<void> {
    const ref = this.#pick();
    const { spec } = await this.#client.get(SERVICES, ref);
    const type = spec?.type === 'LoadBalancer' ? 'ClusterIP' : 'LoadBalancer';
    const policy = type === 'LoadBalancer' ? 'Local' : null;
    await this.#client.patch(SERVICES, ref, { spec: { type, externalTrafficPolicy: policy } }, { type: 'merge' });
  }

  async #annotate(): Promise<void> {
    const metadata = { annotations: { 'example.com/change': String(this.#changes) } };
    await this.#client.patch(SERVICES, this.#pick(), { metadata }, { type: 'merge' });
  }

  async #flipEndpoint(): Promise<void> {
    const conditions = this.#changes % 2 === 0 ? READY : NOT_READY;
    await this.#client.patch(
      ENDPOINT_SLICES,
      this.#pick(),
      { endpoints: [this.#endpoint(conditions)] },
      { type: 'merge' },
    );
  }

  async #describePool(): Promise<void> {
    const metadata = { annotations: { 'example.com/change': String(this.#changes) } };
    await this.#client.patch(EIPS, { name: POOL }, { metadata }, { type: 'merge' });
  }

  async #create(): Promise<void> {
    const name = `churn-${++this.#made}`;
    const service: Service = {
      metadata: { name, namespace: NAMESPACE, annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb' } },
      spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: [{ port: 80 }] },
    };
    const labels = { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'churn' };
    const slice: EndpointSlice = {
      metadata: { name, namespace: NAMESPACE, labels },
      addressType: 'IPv4',
      endpoints: [this.#endpoint(READY)],
    };
    await this.#client.create(SERVICES, service);
    await this.#client.create(ENDPOINT_SLICES, slice);
    this.#names.push(name);
  }

  #endpoint(conditions: Endpoint['conditions']): Endpoint {
    return { addresses: ['10.244.1.9'], nodeName: this.#node, ...(conditions && { conditions }) };
  }

  #pick(): { readonly name: string; readonly namespace: string } {
    // Not at random, so that every run does the same; a step that goes through all of them.
    return { name: this.#names[(this.#changes * 7) % this.#names.length]!, namespace: NAMESPACE };
  }
}

/** What a Service without an address says of itself. */
function pendingText({ metadata: { name, creationTimestamp, annotations }, status }: Service): string {
  return JSON.stringify({ name, creationTimestamp, annotations, conditions: status?.conditions });
}
