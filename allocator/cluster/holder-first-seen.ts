/**
 * The time when this process first saw each holder without a UID, and the UID of the holder's Service, if it has seen the Service stored. The grace period of a claim counts by the holder's own
 * `since`; the time of the first sight guards against a webhook whose clock is behind.
 *
 * A Service and its holder have one token, so a named holder needs no UID. Leader and standby tell a deletion from a create call under way by these records.
 */
import type { ClaimHolder, EipClaim } from '../../lib/api/skycap/claim.ts';
import type { Change } from '../../lib/kube/cache/store.ts';
import type { Clock } from '../../lib/process/clock.ts';

interface Sight {
  /** Of the holder, which is written anew for another create call or update. */
  readonly since: string;
  /** By the monotonic clock. */
  readonly firstMs: number;
  /** The stored Service. */
  stored: Stored | undefined;
}

interface Stored {
  readonly uid: string;
  /** The age of the holder when this process first saw its Service stored. */
  readonly afterMs: number;
}

export class HolderFirstSeen {
  readonly #clock: Clock;
  readonly #uidOf: (holder: ClaimHolder) => string | undefined;
  /** Claim's name → token. Holders with a UID are not in it. */
  readonly #seen = new Map<string, ReadonlyMap<string, Sight>>();
  /** Names of the claims with a holder whose Service was not seen stored. */
  readonly #unstored = new Set<string>();

  /** @param uidOf of the Service in the cache with the holder's name and token. */
  constructor(clock: Clock, uidOf: (holder: ClaimHolder) => string | undefined) {
    this.#clock = clock;
    this.#uidOf = uidOf;
  }

  onChange({ type, key, object }: Change<EipClaim>): void {
    const unbound = type === 'deleted' ? [] : object.spec.holders.filter(({ uid }) => uid === undefined);
    const before = this.#seen.get(key);
    const firstMs = this.#clock.monotonicMs();
    const sights = unbound.map((holder): [string, Sight] => {
      const known = before?.get(holder.token);
      const { token, since } = holder;
      const sight: Sight = { since, firstMs: known?.firstMs ?? firstMs, stored: undefined };
      const stored = known?.since === since ? known.stored : undefined;
      sight.stored = stored ?? this.#storedNow(sight, this.#uidOf(holder));
      return [token, sight];
    });
    if (sights.length === 0) this.#seen.delete(key);
    else this.#seen.set(key, new Map(sights));
    this.#noteUnstored(key);
  }

  /** The Service of the holder is stored. */
  noteStored(claim: EipClaim, { token }: ClaimHolder, uid: string): void {
    const { name = '' } = claim.metadata;
    const sight = this.#seen.get(name)?.get(token);
    if (sight && sight.stored?.uid !== uid) sight.stored = this.#storedNow(sight, uid);
    this.#noteUnstored(name);
  }

  /** Whether the Service of a holder without a UID was stored once, as far as this process has seen. */
  wasStored(claim: EipClaim, holder: ClaimHolder): boolean {
    return this.storedUid(claim, holder) !== undefined;
  }

  /** The UID of that Service. */
  storedUid(claim: EipClaim, { token }: ClaimHolder): string | undefined {
    return this.#seen.get(claim.metadata.name ?? '')?.get(token)?.stored?.uid;
  }

  /** The time that the create call of the holder took at most, by `since` and as this process has seen it; undefined if it has not seen the Service stored. */
  storedAfterMs(claim: EipClaim, { token }: ClaimHolder): number | undefined {
    return this.#seen.get(claim.metadata.name ?? '')?.get(token)?.stored?.afterMs;
  }

  /** In wall-clock time, computed from the present time. For a holder that the watch has not shown yet: now. */
  firstSeenMs(claim: EipClaim, holder: ClaimHolder): number {
    const nowMs = this.#clock.monotonicMs();
    const firstMs = this.#seen.get(claim.metadata.name ?? '')?.get(holder.token)?.firstMs ?? nowMs;
    return this.#clock.nowMs() - (nowMs - firstMs);
  }

  /** The time since the first sight. */
  ageMs(claim: EipClaim, holder: ClaimHolder): number {
    return this.#clock.nowMs() - this.firstSeenMs(claim, holder);
  }

  /** Names of the claims with a holder whose Service was not seen stored. */
  unstored(): ReadonlySet<string> {
    return this.#unstored;
  }

  /** Holders known, for a test that memory does not grow. */
  get size(): number {
    return [...this.#seen.values()].reduce((sum, tokens) => sum + tokens.size, 0);
  }

  #storedNow({ since, firstMs }: Sight, uid: string | undefined): Stored | undefined {
    const { nowMs, monotonicMs } = this.#clock;
    // The holder may be older than this process.
    return uid === undefined
      ? undefined
      : { uid, afterMs: Math.max(monotonicMs() - firstMs, nowMs() - Date.parse(since)) };
  }

  #noteUnstored(name: string): void {
    const sights = [...(this.#seen.get(name)?.values() ?? [])];
    if (sights.some(({ stored }) => stored === undefined)) this.#unstored.add(name);
    else this.#unstored.delete(name);
  }
}
