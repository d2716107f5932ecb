/**
 * The Eips as the allocator knows them: parsed, as pools, with what is the matter with each that is not usable; and which are surely gone.
 *
 * "Not in the cache" is not "gone": the watch of Eips may be behind that of Services. What is published is taken away for a deleted Eip only after a
 * live read has said so too.
 */
import type { Eip } from '../lib/api/eip.ts';
import type { EipObject } from '../lib/api/eip-types.ts';
import { parseEip } from '../lib/api/parse-eip.ts';
import { formatProblems, type Parsed } from '../lib/api/problem.ts';
import { buildPools, type Pools } from '../lib/ipam/pools.ts';
import type { KubeClient } from '../lib/kube/client.ts';
import { isNotFound } from '../lib/kube/errors.ts';
import { EIPS } from '../lib/kube/resource.ts';
import type { Store } from '../lib/kube/store.ts';
import type { Address } from '../lib/net/address.ts';
import type { EipState } from './holdings.ts';

export class Eips {
  readonly #store: Store<EipObject>;
  readonly #parsed = new Map<string, Parsed<Eip>>();
  #pools: Pools | undefined;
  /** Asked for and found to be deleted; an Eip that comes again is taken off. */
  readonly #gone = new Set<string>();

  constructor(store: Store<EipObject>) {
    this.#store = store;
    store.subscribe(({ type, key, object }) => {
      this.#pools = undefined;
      if (type === 'deleted') this.#parsed.delete(key);
      else {
        this.#parsed.set(key, parsed(object));
        this.#gone.delete(key);
      }
    });
  }

  /** Built again only after an Eip has changed. */
  get pools(): Pools {
    this.#pools ??= buildPools([...this.#parsed.values()].flatMap((one) => (one.ok ? [one.value] : [])));
    return this.#pools;
  }

  parsed(name: string): Parsed<Eip> | undefined {
    return this.#parsed.get(name);
  }

  /**
   * How the Eip of a claimed address stands.
   * @returns `unknown` where it is not in the cache and was not asked for yet: {@link confirm} it, then ask again.
   */
  stateOf(address: Address, claimedEip: string): { readonly name: string; readonly state: EipState | 'unknown' } {
    const pool = this.pools.containing(address);
    if (pool) return { name: pool.name, state: 'usable' };
    return { name: claimedEip, state: this.existence(claimedEip) };
  }

  /** `unusable` stands for: it exists. */
  existence(name: string): 'unusable' | 'gone' | 'unknown' {
    if (this.#parsed.has(name)) return 'unusable';
    return this.#gone.has(name) ? 'gone' : 'unknown';
  }

  /** What is the matter with an Eip that exists, as a sentence with its remedy. */
  troubleOf(name: string): string {
    const one = this.#parsed.get(name);
    if (one && !one.ok) return formatProblems(one.problems);
    const older = this.pools.overlapping.get(name);
    if (older !== undefined) return `Eip ${name} overlaps the older Eip ${older}; change or delete one of them`;
    return `Eip ${name} does not contain the address any more; enlarge it`;
  }

  /** Asks the API server. @returns false where the Eip is there after all: the cache will show it. */
  async confirm(name: string, client: KubeClient, signal: AbortSignal): Promise<boolean> {
    try {
      await client.get(EIPS, { name }, { signal });
      return false;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      if (!this.#store.get(name)) this.#gone.add(name);
      return true;
    }
  }
}

/** One that is being deleted gives nothing new; what it gave stays until it is gone. */
function parsed(object: EipObject): Parsed<Eip> {
  const result = parseEip(object);
  if (!result.ok || object.metadata.deletionTimestamp === undefined) return result;
  return { ok: true, value: { ...result.value, disabled: true } };
}
