/**
 * Two allocators that both believe to lead. First, an allocator whose Lease may have expired by its own clock writes nothing. Second, the API server refuses a write that
 * was on its way, since the object is another one than the write was decided on.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { LEADER_TIMING } from '../../../lib/kube/election/leader-step.ts';
import { EIP_CLAIMS, SERVICES } from '../../../lib/kube/resource.ts';
import { Api } from '../../lab/api.ts';
import { startAllocator } from '../../support/allocator-daemon.ts';
import type { ComponentDaemon } from '../../support/component-daemon.ts';
import { ADMIN } from '../../support/control-plane.ts';
import type { Daemon } from '../../support/daemon.ts';
import { History } from '../../support/history.ts';
import { Random } from '../../support/random.ts';
import { AllocatorLab, eventually, GRACE_SECONDS, publishedBy, Replica } from './harness.ts';
import { UnfencedLeader } from './unfenced-leader.ts';

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
  const LATEST_NEWS_MS = 60;

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
    for (const name of ['one', 'other']) {
      const own = random.fork(name);
      const delay = (action: string): Promise<void> => {
        const latestMs = action.startsWith('watch') ? LATEST_NEWS_MS : LATEST_MS;
        return own.below(4) === 0 ? sleep(own.below(latestMs)) : Promise.resolve();
      };
      open.use(await UnfencedLeader.start(lab, own, delay));
    }
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

describe('a late release of a former leader takes nothing from a Service that has the address again', () => {
  /** Both have the addresses of one pool; the former leader's writes of this kind are on their way when it ends. */
  async function handOver(
    pool: string,
    cidr: string,
    held: string,
    act: () => Promise<unknown>,
  ): Promise<UnfencedLeader> {
    await lab.pool(pool, cidr);
    const former = open.use(await UnfencedLeader.start(lab, Random.fromEnvironment()));
    await lab.create(`${pool}/web`);
    await eventually(async () => expect(publishedBy(await lab.service(`${pool}/web`))).not.toBe(''));
    former.hold(held);
    await act();
    await former.isOnItsWay(held);
    former.end();
    return former;
  }

  async function stays(pool: string, address: string, former: UnfencedLeader): Promise<void> {
    const leader = open.use(await UnfencedLeader.start(lab, Random.fromEnvironment()));
    await lab.published(`${pool}/web`, address);
    await former[Symbol.asyncDispose]();
    await lab.published(`${pool}/web`, address);
    expect(await lab.claims(pool)).toMatchObject({ [address]: `${pool}/web` });
    await settled(pool, 30_000);
    await leader[Symbol.asyncDispose]();
    expect(await history.violations()).toEqual([]);
  }

  test('it was no load balancer for a moment', async () => {
    const retype = (type: string) =>
      lab.patch('retyped/web', {
        spec: { type, ...(type === 'ClusterIP' && { allocateLoadBalancerNodePorts: null }) },
      });
    const former = await handOver('retyped', '10.5.0.0/28', 'delete eipclaims', () => retype('ClusterIP'));
    await retype('LoadBalancer');
    await stays('retyped', '10.5.0.0', former);
  });

  test('it asked for another address for a moment', async () => {
    const ask = (loadBalancerIP: string) => lab.patch('asking/web', { spec: { loadBalancerIP } });
    const former = await handOver('asking', '10.6.0.0/28', 'delete eipclaims', () => ask('10.6.0.7'));
    await ask('10.6.0.0');
    await stays('asking', '10.6.0.0', former);
  });

  test('its create call took longer than the grace period', async () => {
    await lab.pool('slow', '10.7.0.0/28');
    const former = open.use(await UnfencedLeader.start(lab, Random.fromEnvironment()));
    former.hold('update eipclaims');
    const token = 'token-of-slow';
    const holder = { namespace: 'slow', name: 'web', token, since: new Date().toISOString() };
    const entry = {
      ...holder,
      ports: [{ port: 80, protocol: 'TCP' as const }],
      externalTrafficPolicy: 'Cluster' as const,
      selector: '',
    };
    await lab.admin.create(EIP_CLAIMS, {
      apiVersion: 'skycap.io/v1alpha1',
      kind: 'EipClaim',
      metadata: { name: '10.7.0.0' },
      spec: { address: '10.7.0.0', eip: 'slow', holders: [entry] },
    });
    await former.isOnItsWay('update eipclaims');
    former.end();
    await lab.create('slow/web', { 'skycap.io/claim': token, 'skycap.io/addresses': '10.7.0.0' });
    await stays('slow', '10.7.0.0', former);
  });
});

test('a second leader that does not know of a Service’s change releases nothing that it has been given since', async () => {
  await lab.pool('stale', '10.8.0.0/28');
  const leader = open.use(await UnfencedLeader.start(lab, Random.fromEnvironment()));
  await lab.create('stale/web');
  await lab.published('stale/web', '10.8.0.0');
  const second = open.use(await UnfencedLeader.start(lab, Random.fromEnvironment()));
  second.hold('watch services');
  await lab.patch('stale/web', { spec: { loadBalancerIP: '10.8.0.7' } });
  await lab.published('stale/web', '10.8.0.7');
  await eventually(async () => expect(Object.keys(await lab.claims('stale'))).toEqual(['10.8.0.7']));
  // It sees the new claim, beside the Service as it was.
  await second.isOnItsWay('watch services');
  await sleep(1_000);
  expect(await lab.claims('stale')).toEqual({ '10.8.0.7': 'stale/web' });
  await second[Symbol.asyncDispose]();
  await leader[Symbol.asyncDispose]();
  expect(await history.violations()).toEqual([]);
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
