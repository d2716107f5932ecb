/** An allocator that acts without a Lease: beside another leader, or as a former leader whose last requests are on their way. */
import { Registry } from 'prom-client';
import { Allocator } from '../../../allocator/leader/allocator.ts';
import { createReflectors } from '../../../allocator/leader/reflectors.ts';
import { createAllocatorMetrics } from '../../../allocator/metrics.ts';
import { ALL_PROTOCOLS } from '../../../lib/api/eip/protocols.ts';
import { systemClock } from '../../../lib/process/clock.ts';
import { ALLOCATOR_USER } from '../../support/allocator-daemon.ts';
import { logSink } from '../../support/log-sink.ts';
import type { Random } from '../../support/random.ts';
import { type AllocatorLab, eventually, GRACE_SECONDS } from './harness.ts';
import { type Delay, LateClient } from './late-client.ts';

export class UnfencedLeader implements AsyncDisposable {
  readonly #stop = new AbortController();
  #ended: Promise<unknown> = Promise.resolve();
  readonly #held = new Map<string, () => void>();
  #holds: (action: string) => boolean = () => false;

  /** @param delay of its requests, but for those that it holds. */
  static async start(
    { plane }: AllocatorLab,
    random: Random,
    delay: Delay = () => Promise.resolve(),
  ): Promise<UnfencedLeader> {
    const leader = new UnfencedLeader();
    const { log } = logSink('allocator');
    const registry = new Registry();
    const client = new LateClient(plane.client(ALLOCATOR_USER), async (action) => {
      if (leader.#holds(action)) await new Promise<void>((resolve) => leader.#held.set(action, resolve));
      else await delay(action);
    });
    const { signal } = leader.#stop;
    const reflectors = createReflectors(client, 'skycap-system', log, registry);
    const allocator = new Allocator(reflectors.stores, systemClock);
    const following = reflectors.run(signal);
    await reflectors.waitForSync(signal);
    const deps = {
      client,
      config: {
        ...{ namespace: 'skycap-system', unmarkedServices: 'defaultEip' as const, protocols: ALL_PROTOCOLS },
        ...{ claimGraceSeconds: GRACE_SECONDS, workers: 16, historyEntries: 10_000, historyDays: 90 },
      },
      events: { record: () => {} },
      metrics: createAllocatorMetrics(registry, () => allocator.queueLengths()),
      log,
      ...systemClock,
      newToken: () => random.token(),
      historyGatherMs: 1_000,
    };
    leader.#ended = Promise.all([following, allocator.lead(deps, signal)]);
    return leader;
  }

  /** Holds requests and events from now on, until its end. @param action such as `delete eipclaims`, `watch services`. */
  hold(action: string): void {
    this.#holds = (one) => one === action;
  }

  /** Waits until it has sent such a request, which is held. */
  async isOnItsWay(action: string): Promise<void> {
    await eventually(() => expect([...this.#held.keys()]).toContain(action));
  }

  /** Ends its term. Held requests stay on their way. */
  end(): void {
    this.#stop.abort(new Error('the test ends it'));
  }

  /** Ends its term; the held requests arrive. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    this.#holds = () => false;
    for (const arrive of this.#held.values()) arrive();
    await this.#ended;
  }
}
