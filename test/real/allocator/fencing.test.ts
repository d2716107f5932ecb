/**
 * Two allocators that both believe they lead: what keeps them from harm is, first, that one whose Lease may be lost writes nothing, by its own clock; and then,
 * for what was on its way, that every write is judged by the API server against what it was decided by.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { Allocator } from '../../../allocator/leader/allocator.ts';
import { createReflectors } from '../../../allocator/leader/reflectors.ts';
import { createAllocatorMetrics } from '../../../allocator/metrics.ts';
import { ALL_PROTOCOLS } from '../../../lib/api/eip/protocols.ts';
import { LEADER_TIMING } from '../../../lib/kube/election/leader-step.ts';
import { EIP_CLAIMS, SERVICES } from '../../../lib/kube/resource.ts';
import { systemClock } from '../../../lib/process/clock.ts';
import { Api } from '../../lab/api.ts';
import { ALLOCATOR_USER, startAllocator } from '../../support/allocator-daemon.ts';
import type { ComponentDaemon } from '../../support/component-daemon.ts';
import { ADMIN } from '../../support/control-plane.ts';
import type { Daemon } from '../../support/daemon.ts';
import { History } from '../../support/history.ts';
import { logSink } from '../../support/log-sink.ts';
import { Random } from '../../support/random.ts';
import { AllocatorLab, eventually, GRACE_SECONDS, publishedBy, Replica } from './harness.ts';
import { LateClient } from './late-client.ts';

let lab: AllocatorLab;
let open: AsyncDisposableStack;
let history: History;

beforeAll(async () => {
  lab = await AllocatorLab.start();
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());
beforeEach(async () => {
  open = new AsyncDisposableStack();
  const { url, caPem } = lab.plane;
  const api = open.use(new Api({ server: url, caPem, token: lab.plane.user(ADMIN).token }));
  history = open.use(await History.start(api));
});
afterEach(() => open.disposeAsync());

/** Service → its addresses, of those that are load balancers. */
async function published(namespace: string): Promise<Map<string, string>> {
  const { items } = await lab.admin.list(SERVICES, { namespace });
  const balanced = items.filter(({ spec }) => spec?.type === 'LoadBalancer');
  return new Map(balanced.map((service) => [`${namespace}/${service.metadata.name}`, publishedBy(service)]));
}

/** Every Service has an address of its own, and there is no claim beside theirs. */
async function settled(namespace: string, withinMs: number): Promise<void> {
  await eventually(async () => {
    const byService = await published(namespace);
    expect([...byService].filter(([, address]) => address === '')).toEqual([]);
    expect(await lab.claims(namespace)).toEqual(Object.fromEntries([...byService].map(([key, ip]) => [ip, key])));
  }, withinMs);
}

describe('a leader that is paused past its Lease and goes on', () => {
  /** The allocator's own process; only that can be paused. */
  class PausableAllocator implements AsyncDisposable {
    readonly daemon: Daemon;
    readonly #health: string;

    private constructor({ daemon, health }: ComponentDaemon) {
      this.daemon = daemon;
      this.#health = health;
    }

    static async start(): Promise<PausableAllocator> {
      const env = {
        SKYCAP_CLAIM_GRACE_SECONDS: `${GRACE_SECONDS}`,
        NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
      };
      const { plane } = lab;
      return new PausableAllocator(await startAllocator({ plane, name: 'paused', folder: plane.dir, env }));
    }

    async leads(): Promise<boolean> {
      return /^skycap_leader\{.*\} 1$/m.test(await this.#metrics());
    }

    /** Requests that would change something; not those for its Lease, and not Events. */
    async writes(): Promise<readonly string[]> {
      const lines = (await this.#metrics()).split('\n').filter((line) => line.startsWith('skycap_api_requests_total{'));
      return lines.filter(
        (line) => /verb="(create|update|patch|delete)"/.test(line) && !/"(leases|events)"/.test(line),
      );
    }

    /** Those since which nothing was written for a moment. */
    async idle(): Promise<readonly string[]> {
      let before: readonly string[] = [];
      let sinceMs = performance.now();
      return eventually(async () => {
        const now = await this.writes();
        if (now.join() !== before.join()) sinceMs = performance.now();
        before = now;
        expect(performance.now() - sinceMs).toBeGreaterThan(1_000);
        return now;
      }, 60_000);
    }

    async [Symbol.asyncDispose](): Promise<void> {
      await this.daemon.kill();
    }

    async #metrics(): Promise<string> {
      const answer = await fetch(`http://${this.#health}/metrics`, { signal: AbortSignal.timeout(10_000) });
      return answer.text();
    }
  }

  test('writes nothing, though it is full of news', async () => {
    await lab.pool('paused', '198.51.100.0/27');
    const paused = open.use(await PausableAllocator.start());
    await eventually(async () => expect(await paused.leads()).toBe(true), 60_000);
    const follower = new Replica(lab.plane, 'follower', LEADER_TIMING);
    open.defer(() => follower.stop());
    for (let i = 0; i < 10; i++) await lab.create(`paused/web-${i}`);
    await settled('paused', 60_000);
    const before = await paused.idle();

    paused.daemon.signal('SIGSTOP');
    // All of this waits for it when it goes on: Services that went, came and came again, some of them with claims of others.
    for (const i of [0, 1, 2, 3]) await lab.remove(`paused/web-${i}`);
    for (const i of [0, 1, 10, 11, 12]) await lab.create(`paused/web-${i}`);
    await eventually(async () => expect(await follower.isLeading()).toBe(true), 60_000);
    await settled('paused', 60_000);
    for (const i of [4, 5]) await lab.remove(`paused/web-${i}`);
    for (const i of [13, 14, 15]) await lab.create(`paused/web-${i}`);
    await settled('paused', 60_000);
    expect(await follower.isLeading()).toBe(true);

    paused.daemon.signal('SIGCONT');
    await eventually(async () => expect(await paused.leads()).toBe(false), 60_000);
    expect(await paused.idle()).toEqual(before);
    await follower.idle();
    await settled('paused', 60_000);
    expect(await history.violations()).toEqual([]);

    // It stands by like any other, and takes over.
    await follower.stop();
    await eventually(async () => expect(await paused.leads()).toBe(true), 60_000);
    await lab.create('paused/after');
    await settled('paused', 60_000);
  }, 160_000);
});

describe('two that act at the same time, without any fence, their writes late', () => {
  const SERVICES_AT_MOST = 30;
  const CHANGES = 200;
  const CHURN_AT_MOST_MS = 20_000;
  const LATEST_MS = 600;

  /** Acts from the start until the end, whoever else does. */
  async function unfenced(random: Random): Promise<void> {
    const { log } = logSink('allocator');
    const registry = new Registry();
    const client = lab.plane.client(ALLOCATOR_USER);
    const stop = new AbortController();
    const reflectors = createReflectors(client, 'skycap-system', log, registry);
    const allocator = new Allocator(reflectors.stores, systemClock);
    const following = reflectors.run(stop.signal);
    await reflectors.waitForSync(stop.signal);
    const acting = allocator.lead(
      {
        // Most are on time, some very late.
        client: new LateClient(client, () => (random.below(4) === 0 ? random.below(LATEST_MS) : 0)),
        config: {
          ...{ namespace: 'skycap-system', unmarkedServices: 'defaultEip', protocols: ALL_PROTOCOLS },
          ...{ claimGraceSeconds: GRACE_SECONDS, workers: 16, historyEntries: 10_000, historyDays: 90 },
        },
        events: { record: () => {} },
        metrics: createAllocatorMetrics(registry, () => allocator.queueLengths()),
        log,
        ...systemClock,
        newToken: () => random.token(),
        historyGatherMs: 1_000,
      },
      stop.signal,
    );
    open.defer(async () => {
      stop.abort(new Error('the test ends'));
      await Promise.all([following, acting]);
    });
  }

  async function change(random: Random, names: readonly string[]): Promise<string> {
    const key = `both/${random.of(names)}`;
    const what = random.of(['create', 'create', 'delete', 'again', 'toClusterIp', 'toLoadBalancer', 'wish'] as const);
    switch (what) {
      case 'create':
        await lab.create(key);
        break;
      case 'delete':
        await lab.remove(key);
        break;
      case 'again':
        await lab.remove(key);
        await lab.create(key);
        break;
      case 'toClusterIp':
        await lab.patch(key, { spec: { type: 'ClusterIP', allocateLoadBalancerNodePorts: null } });
        break;
      case 'toLoadBalancer':
        await lab.patch(key, { spec: { type: 'LoadBalancer' } });
        break;
      case 'wish':
        await lab.patch(key, { spec: { loadBalancerIP: random.below(2) ? null : `10.3.0.${random.below(64)}` } });
        break;
    }
    return `${what} ${key}`;
  }

  test('no address changes unasked, none is published by two or without its claim, none is lost', async () => {
    const random = Random.fromEnvironment();
    await lab.pool('both', '10.3.0.0/26');
    for (const name of ['one', 'other']) await unfenced(random.fork(name));
    const names = Array.from({ length: SERVICES_AT_MOST }, (_, i) => `web-${i}`);
    const done: string[] = [];
    const endMs = performance.now() + CHURN_AT_MOST_MS;
    const churn = async (own: Random): Promise<void> => {
      while (done.length < CHANGES && performance.now() < endMs) {
        // What is there already, or not there, is passed over.
        await change(own, names).then(
          (what) => done.push(what),
          () => undefined,
        );
        await sleep(own.below(20));
      }
    };
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => churn(random.fork(name))));
    for (const key of (await published('both')).keys()) await lab.patch(key, { spec: { loadBalancerIP: null } });
    try {
      await settled('both', 30_000);
      expect(await history.violations()).toEqual([]);
    } catch (error) {
      console.error(`${random}; what was done:\n${done.join('\n')}`);
      throw error;
    }
    console.info(`${random}: ${done.length} changes, ${history.length} events`);
    expect(done.length).toBeGreaterThan(CHANGES / 10);
  }, 150_000);
});

/** A Service that another one followed under its name while a leader was away keeps its address: it is bound before it is published. */
test('a late release by who thinks the former Service gone takes nothing from its successor', async () => {
  await lab.pool('successor', '10.4.0.0/28');
  const replica = await lab.replica('allocator-0');
  await lab.create('successor/web');
  const first = await lab.published('successor/web', '10.4.0.0');
  await replica.idle();
  await lab.stop(replica);
  await lab.remove('successor/web');
  await lab.create('successor/web');
  const judged = await lab.claim('10.4.0.0');
  expect(judged?.spec.holders[0]?.uid).toBe(first.metadata.uid);
  const next = await lab.replica('allocator-1');
  const published = await lab.published('successor/web', '10.4.0.0');
  const bound = await lab.claim('10.4.0.0');
  expect(bound?.spec.holders[0]?.uid).toBe(published.metadata.uid);
  expect(Number(bound?.metadata.resourceVersion)).toBeLessThan(Number(published.metadata.resourceVersion));
  // Sent by the one before, when it had seen the first Service gone.
  const { uid, resourceVersion } = judged!.metadata;
  const late = lab.admin.delete(EIP_CLAIMS, { name: '10.4.0.0' }, { uid: uid!, resourceVersion: resourceVersion! });
  await expect(late).rejects.toThrow(/conflict|precondition/i);
  await next.idle();
  expect(await history.violations()).toEqual([]);
  await lab.stop(next);
});
