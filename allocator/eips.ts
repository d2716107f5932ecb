/**
 * The Eips as the allocator knows them: parsed, as pools, with what is the matter with each that is not usable; and which are surely gone.
 *
 * "Not in the cache" is not "gone": the watch of Eips may be behind that of Services. What is published is taken away for a deleted Eip only after a
 * live read has said so too.
 */
import type { EipClaim } from '../lib/api/claim.ts';
import type { Eip } from '../lib/api/eip.ts';
import type { EipObject } from '../lib/api/eip-types.ts';
import { parseEip } from '../lib/api/parse-eip.ts';
import type { Parsed } from '../lib/api/problem.ts';
import type { EipState } from '../lib/ipam/holding.ts';
import { buildPools, type Pools } from '../lib/ipam/pools.ts';
import { accountOf, isSource, type Source, troubleWith } from '../lib/ipam/source.ts';
import type { KubeClient } from '../lib/kube/client.ts';
import { isNotFound } from '../lib/kube/errors.ts';
import { EIPS } from '../lib/kube/resource.ts';
import type { Store } from '../lib/kube/store.ts';
import type { Address } from '../lib/net/address.ts';

export class Eips {
  readonly #store: Store<EipObject>;
  readonly #parsed = new Map<string, Parsed<Eip>>();
  #pools: Pools | undefined;
  /** Asked for and found to be deleted; an Eip that comes again is taken off. */
  readonly #gone = new Set<string>();
  /** Asked for and found to be as in the cache, by uid. */
  readonly #present = new Map<string, string>();

  constructor(store: Store<EipObject>) {
    this.#store = store;
    store.subscribe(({ type, key, object }) => {
      this.#pools = undefined;
      if (type === 'deleted') {
        this.#parsed.delete(key);
        this.#present.delete(key);
      } else {
        this.#parsed.set(key, parseEip(object));
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
   * How the Eip of a claimed address stands; `uid` is that of the Eip which contains it.
   * @returns `unknown` where the one that gave it is not in the cache and was not asked for yet: {@link confirm} it, then ask again.
   */
  stateOf(
    address: Address,
    source: Source,
  ): { readonly name: string; readonly uid?: string; readonly state: EipState | 'unknown' } {
    const pool = this.pools.containing(address);
    if (pool) return { name: pool.name, uid: pool.uid, state: 'usable' };
    return { name: source.eip, state: this.existence(source) };
  }

  /** `unusable` stands for: it exists. One that has the name and another uid shows that it is gone, once that is known to be the present one. */
  existence(source: Source): 'unusable' | 'gone' | 'unknown' {
    const object = this.#store.get(source.eip);
    if (!object) return this.#gone.has(source.eip) ? 'gone' : 'unknown';
    if (isSource(object, source)) return 'unusable';
    return this.#present.get(source.eip) === object.metadata.uid ? 'gone' : 'unknown';
  }

  /** See {@link accountOf}. */
  accountOf(claim: EipClaim): string | undefined {
    return accountOf(claim, this.pools, (name) => this.#store.get(name));
  }

  /** What is the matter with an Eip that exists, as a sentence with its remedy. */
  troubleOf(name: string): string {
    return troubleWith(name, this.#parsed.get(name), this.pools);
  }

  /** Asks the API server which Eip has the name now. @returns false where the cache is behind: it will show it. */
  async confirm(name: string, client: KubeClient, signal: AbortSignal): Promise<boolean> {
    const uid = await uidOf(name, client, signal);
    if (this.#store.get(name)?.metadata.uid !== uid) return false;
    if (uid === undefined) this.#gone.add(name);
    else this.#present.set(name, uid);
    return true;
  }
}

async function uidOf(name: string, client: KubeClient, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await client.get(EIPS, { name }, { signal })).metadata.uid;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
