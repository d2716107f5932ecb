/**
 * The allocator put together: a world that is always warm, and terms of leadership in which something is done about it.
 *
 *     any change ─▶ key ─▶ gather (Service, claims, Eips) ─▶ decide ─▶ at most: one patch of the Service, claim updates, releases
 */
import type { Clock } from '../lib/process/clock.ts';
import { Caches } from './caches.ts';
import type { QueueName } from './metrics.ts';
import type { Deps } from './ports.ts';
import type { Stores } from './stores.ts';
import { Term } from './term.ts';
import { watchAll } from './watches.ts';
import { World } from './world.ts';

export class Allocator {
  readonly world: World;
  readonly #caches: Caches;
  #term: Term | undefined;

  constructor(stores: Stores, clock: Clock) {
    this.world = new World(stores, clock);
    this.#caches = new Caches(this.world);
    watchAll(this.world, this.#caches, () => this.#term);
  }

  /**
   * Acts until `signal` aborts; returns when what was under way has ended.
   * @throws where the caches are not filled yet: nothing is ever decided by half of the truth.
   */
  async lead(deps: Omit<Deps, 'world'>, signal: AbortSignal): Promise<void> {
    if (!this.world.synced) throw new Error('Cannot lead: the caches are not filled yet');
    const term = new Term({ ...deps, world: this.world }, this.#caches);
    this.#term = term;
    try {
      await term.run(signal);
    } finally {
      this.#term = undefined;
      deps.metrics.clear();
    }
  }

  queueLengths(): Partial<Record<QueueName, number>> {
    return this.#term?.lengths() ?? {};
  }
}
