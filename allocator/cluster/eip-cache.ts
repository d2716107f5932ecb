/**
 * The EipCache as the allocator knows them: parsed, as pools, with what is the matter with each that is not usable; and which are surely gone.
 *
 * "Not in the cache" is not "gone": the watch of EipCache may be behind that of Services. And "gone" is nobody's wish while the CRD of the EipCache is absent or being deleted,
 * which takes all of them with it; likewise for claims. So nothing is decided after a deletion before a live read has said that the CRDs are in order.
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

/** Every Service waits for the CRD while that is away; they ask as one. */
const ASK_EVERY_MS = 1_000;

/** The last state of a deleted Eip asked for the release of its addresses. */
interface Release {
  readonly createdAt: string;
  /** It was not the CRD's deletion that took it. */
  isSure: boolean;
}

export class EipCache {
  readonly #store: Store<EipObject>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #parsed = new Map<string, Parsed<Eip>>();
  #pools: Pools | undefined;
  /** Asked for and found to be deleted; an Eip that comes again is taken off. */
  readonly #gone = new Set<string>();
  /** Asked for and found to be as in the cache, by uid. */
  readonly #present = new Map<string, string>();
  /** By uid of the deleted Eip. */
  readonly #releases = new Map<string, Release>();
  /** An Eip was deleted, or the claim of a published address; and the CRDs were not looked at since. */
  #isInDoubt = false;
  readonly #former = new FormerEips();
  #unsettledAtMs = Number.NEGATIVE_INFINITY;

  /** @param published what Services publish. */
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

  /** The claim of a published address is gone: so is the whole kind, perhaps. */
  doubt(): void {
    this.#isInDoubt = true;
  }

  /** Every one that can be read, also where it overlaps another; and those that are gone and whose addresses are published still. Each name once. */
  all(): readonly Eip[] {
    const present = [...this.#parsed.values()].flatMap((one) => (one.ok ? [one.value] : []));
    return [...new Map([...this.#former.all, ...present].map((eip) => [eip.name, eip])).values()];
  }

  parsed(name: string): Parsed<Eip> | undefined {
    return this.#parsed.get(name);
  }

  /**
   * How the Eip of a claimed address stands; `uid` is that of the Eip which contains it.
   * @returns `unknown` where that has to be asked for: {@link confirm} it, then ask again.
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

  /** Of one that has the name and another uid, `gone` is said once that is known to be the present one. */
  existence(source: Source): 'there' | 'gone' | 'unknown' {
    const object = this.#store.get(source.eip);
    if (!object) return this.#gone.has(source.eip) ? 'gone' : 'unknown';
    if (isSource(object, source)) return 'there';
    return this.#present.get(source.eip) === object.metadata.uid ? 'gone' : 'unknown';
  }

  /** The Eip that has the address, or had it last, as far as that is known: by it the speakers announce what is published. */
  announcing(address: Address): Eip | undefined {
    return this.pools.containing(address) ?? this.#former.containing(address);
  }

  /** See {@link accountOf}. */
  accountOf(claim: EipClaim): string | undefined {
    return accountOf(claim, this.pools, (name) => this.#store.get(name));
  }

  /** What is the matter with the Eip of an address that no Eip has any more. */
  eipProblemOf(source: Source): Obstacle {
    return eipProblem(source, this.#store.get(source.eip), this.#parsed.get(source.eip), this.pools);
  }

  /**
   * Asks the API server which EipCache have these names now, and then whether the CRDs are in order.
   * @returns false where the cache is behind, which it will not be for long; or a CRD is away, which may take longer.
   */
  async confirm(names: readonly string[], client: KubeClient, signal: AbortSignal): Promise<boolean> {
    const { monotonicMs } = this.#clock;
    if (monotonicMs() - this.#unsettledAtMs < ASK_EVERY_MS) return false;
    const live = await Promise.all(names.map(async (name) => ({ name, uid: await uidOf(name, client, signal) })));
    // In this order: of an Eip that was deleted before, the CRD knows whether it was deleted with it.
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

  /** An Eip that is older than its CRD was deleted with the one before. */
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
