/**
 * The Eips as the allocator knows them: parsed, as pools, with the problem of each unusable Eip; and the Eips that are surely gone.
 *
 * An Eip that is not in the cache may exist: the watch of Eips may be behind the watch of Services. While the CRD of Eips is absent or being deleted, no user asked for the
 * deletion of the Eips that go with it; likewise for claims. After a deletion, the allocator therefore decides nothing before a live read shows that the CRDs are in order.
 */

import { type Eip, releasesAddresses } from '../../lib/api/eip/eip.ts';
import type { EipObject } from '../../lib/api/eip/eip-types.ts';
import { parseEip } from '../../lib/api/eip/parse-eip.ts';
import type { Parsed } from '../../lib/api/problem.ts';
import type { EipClaim } from '../../lib/api/skycap/claim.ts';
import type { EipState } from '../../lib/ipam/choice/held-address.ts';
import { FormerEips } from '../../lib/ipam/pools/former-eips.ts';
import type { Obstacle } from '../../lib/ipam/pools/obstacle.ts';
import { buildPools, type Pools } from '../../lib/ipam/pools/pools.ts';
import { accountOf, eipProblem, isSource, type Source } from '../../lib/ipam/pools/source.ts';
import type { Store } from '../../lib/kube/cache/store.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { CRDS, crdName, establishedSince } from '../../lib/kube/crd.ts';
import { getOrUndefined } from '../../lib/kube/http/get-or-undefined.ts';
import { EIP_CLAIMS, EIPS } from '../../lib/kube/resource.ts';
import type { Address } from '../../lib/net/address.ts';
import type { Clock } from '../../lib/process/clock.ts';

/** While the CRD is absent, all Services wait for it, and one read serves all of them. */
const ASK_EVERY_MS = 1_000;

/** The last state of a deleted Eip asked for the release of its addresses. */
interface Release {
  readonly createdAt: string;
  /** The Eip was not deleted with its CRD. */
  isSure: boolean;
}

export class EipCache {
  readonly #store: Store<EipObject>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #parsed = new Map<string, Parsed<Eip>>();
  #pools: Pools | undefined;
  /** Deleted, by a live read. An Eip that is created again is removed. */
  readonly #gone = new Set<string>();
  /** As in the cache, by a live read, with its UID. */
  readonly #present = new Map<string, string>();
  /** By uid of the deleted Eip. */
  readonly #releases = new Map<string, Release>();
  /** An Eip was deleted, or the claim of a published address, and the CRDs were not read since. */
  #isInDoubt = false;
  readonly #former = new FormerEips();
  #unsettledAtMs = Number.NEGATIVE_INFINITY;

  /** @param published the addresses that Services publish. */
  constructor(store: Store<EipObject>, clock: Pick<Clock, 'monotonicMs'>, published: () => readonly Address[]) {
    this.#store = store;
    this.#clock = clock;
    store.subscribe(({ type, key, object }) => {
      this.#pools = undefined;
      const before = this.#parsed.get(key);
      const now = type === 'deleted' ? undefined : parseEip(object);
      this.#former.changed(before, now, published);
      if (!now) return this.#forget(key, object);
      this.#parsed.set(key, now);
      this.#gone.delete(key);
    });
  }

  /** Built again only after an Eip has changed. */
  get pools(): Pools {
    this.#pools ??= buildPools([...this.#parsed.values()].flatMap((one) => (one.ok ? [one.value] : [])));
    return this.#pools;
  }

  /** Nothing is decided about any Service until {@link confirm} has said that a deletion was a deletion. */
  get isInDoubt(): boolean {
    return this.#isInDoubt;
  }

  /** The claim of a published address is gone, perhaps with its CRD. */
  doubt(): void {
    this.#isInDoubt = true;
  }

  /** All readable Eips, also those that overlap, and the gone Eips whose addresses are still published. Each name once. */
  all(): readonly Eip[] {
    const present = [...this.#parsed.values()].flatMap((one) => (one.ok ? [one.value] : []));
    return [...new Map([...this.#former.all, ...present].map((eip) => [eip.name, eip])).values()];
  }

  parsed(name: string): Parsed<Eip> | undefined {
    return this.#parsed.get(name);
  }

  /**
   * How the Eip of a claimed address stands; `uid` is that of the Eip which contains it.
   * @returns `unknown` if a live read is needed: call {@link confirm}, then call again.
   */
  stateOf(
    address: Address,
    source: Source,
  ): { readonly name: string; readonly uid?: string; readonly state: EipState | 'unknown' } {
    const pool = this.pools.containing(address);
    if (pool) return { name: pool.name, uid: pool.uid, state: 'usable' };
    const release = this.#releases.get(source.eipUid ?? '');
    if (release) return { name: source.eip, state: release.isSure ? 'released' : 'unknown' };
    return { name: source.eip, state: this.existence(source) === 'unknown' ? 'unknown' : 'unusable' };
  }

  /** An Eip of the name with another UID is `gone` once a live read has returned the present Eip. */
  existence(source: Source): 'there' | 'gone' | 'unknown' {
    const object = this.#store.get(source.eip);
    if (!object) return this.#gone.has(source.eip) ? 'gone' : 'unknown';
    if (isSource(object, source)) return 'there';
    return this.#present.get(source.eip) === object.metadata.uid ? 'gone' : 'unknown';
  }

  /** The Eip that has the address, or the last known Eip that had it. By this Eip the speakers announce published addresses. */
  announcing(address: Address): Eip | undefined {
    return this.pools.containing(address) ?? this.#former.containing(address);
  }

  /** See {@link accountOf}. */
  accountOf(claim: EipClaim): string | undefined {
    return accountOf(claim, this.pools, (name) => this.#store.get(name));
  }

  /** The problem with the Eip of an address that no Eip has any more. */
  eipProblemOf(source: Source): Obstacle {
    return eipProblem(source, this.#store.get(source.eip), this.#parsed.get(source.eip), this.pools);
  }

  /**
   * Reads from the API server which Eips have these names now, and then whether the CRDs are in order.
   * @returns false if the cache is behind, which lasts moments, or if a CRD is absent, which may last longer.
   */
  async confirm(names: readonly string[], client: KubeClient, signal: AbortSignal): Promise<boolean> {
    const { monotonicMs } = this.#clock;
    if (monotonicMs() - this.#unsettledAtMs < ASK_EVERY_MS) return false;
    const live = await Promise.all(names.map(async (name) => ({ name, uid: await uidOf(name, client, signal) })));
    // In this order: an Eip that was deleted before was deleted with its CRD only if the CRD shows that.
    const crds = await Promise.all(
      [EIPS, EIP_CLAIMS].map((kind) => getOrUndefined(client, CRDS, { name: crdName(kind) }, signal)),
    );
    const [since, claimsSince] = crds.map(establishedSince);
    if (since === undefined || claimsSince === undefined) {
      this.#unsettledAtMs = monotonicMs();
      return false;
    }
    this.#settle(since);
    return live.map(({ name, uid }) => this.#confirmOne(name, uid)).every((isSame) => isSame);
  }

  #forget(name: string, object: EipObject): void {
    const { uid = '', creationTimestamp: createdAt = '' } = object.metadata;
    this.#parsed.delete(name);
    this.#present.delete(name);
    this.#isInDoubt = true;
    if (releasesAddresses(object)) this.#releases.set(uid, { createdAt, isSure: false });
  }

  /** An Eip that is older than its CRD was deleted with the former CRD. */
  #settle(crdSince: string): void {
    this.#isInDoubt = false;
    for (const [uid, release] of this.#releases) {
      if (release.isSure || release.createdAt >= crdSince) release.isSure = true;
      else this.#releases.delete(uid);
    }
  }

  #confirmOne(name: string, uid: string | undefined): boolean {
    if (this.#store.get(name)?.metadata.uid !== uid) return false;
    if (uid === undefined) this.#gone.add(name);
    else this.#present.set(name, uid);
    return true;
  }
}

async function uidOf(name: string, client: KubeClient, signal: AbortSignal): Promise<string | undefined> {
  return (await getOrUndefined(client, EIPS, { name }, signal))?.metadata.uid;
}
