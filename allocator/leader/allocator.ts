/**
 * The allocator put together: the state of the cluster, which is always warm, and terms of leadership in which something is done about it.
 *
 *     any change ─▶ key ─▶ gather (Service, claims, Eips) ─▶ decide ─▶ at most: one patch of the Service, claim updates, releases
 */
import { ALL_PROTOCOLS, type Protocols } from '../../lib/api/eip/protocols.ts';
import { keyFor } from '../../lib/api/meta/object.ts';
import type { Clock } from '../../lib/process/clock.ts';
import { FormerHolders } from '../claims/history/former-holders.ts';
import { ClusterState } from '../cluster/cluster-state.ts';
import type { Stores } from '../cluster/stores.ts';
import type { Deps } from '../deps.ts';
import type { QueueName } from '../metrics.ts';
import { Caches } from './caches.ts';
import { enqueueOnChanges } from './enqueue.ts';
import { LeaderTerm } from './leader-term.ts';

export class Allocator {
  readonly cluster: ClusterState;
  readonly formerHolders: FormerHolders;
  readonly #caches: Caches;
  #term: LeaderTerm | undefined;

  constructor(stores: Stores, clock: Clock, protocols: Protocols = ALL_PROTOCOLS) {
    const cluster = (): ClusterState => this.cluster;
    const facts = {
      storedUid: (...of: Parameters<ClusterState['holderFirstSeen']['storedUid']>) =>
        cluster().holderFirstSeen.storedUid(...of),
      serviceNamed: (namespace: string, name: string) => cluster().services.get(keyFor(namespace, name)),
    };
    // Before the cluster state, which forgets the holders that end.
    this.formerHolders = new FormerHolders(stores.claims, facts, clock);
    this.cluster = new ClusterState(stores, clock);
    this.#caches = new Caches(this.cluster, protocols);
    enqueueOnChanges(this.cluster, this.#caches, () => this.#term);
  }

  /**
   * Acts until `signal` aborts; returns when what was under way has ended.
   * @throws where the caches are not filled yet: nothing is ever decided by half of the truth.
   */
  async lead(deps: Omit<Deps, 'cluster'>, signal: AbortSignal): Promise<void> {
    if (!this.cluster.synced) throw new Error('Cannot lead: the caches are not filled yet');
    const { formerHolders } = this;
    const term = new LeaderTerm({ ...deps, cluster: this.cluster }, this.#caches, formerHolders);
    this.#term = term;
    const onDropped = (count: number): void => deps.metrics.historyEntries('dropped', count);
    formerHolders.setLeads({ onNew: () => term.history.trigger(), onDropped });
    try {
      await term.run(signal);
    } finally {
      this.#term = undefined;
      formerHolders.setLeads(undefined);
      deps.metrics.clear();
    }
  }

  queueLengths(): Partial<Record<QueueName, number>> {
    return this.#term?.lengths() ?? {};
  }
}
