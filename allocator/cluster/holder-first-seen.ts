/**
 * When this process first saw each holder without a uid. The grace period of a claim counts by the holder's own `since`; what we have seen
 * ourselves guards against a webhook whose clock is behind ours.
 */
import type { ClaimHolder, EipClaim } from '../../lib/api/skycap/claim.ts';
import type { Change } from '../../lib/kube/cache/store.ts';
import type { Clock } from '../../lib/process/clock.ts';

export class HolderFirstSeen {
  readonly #clock: Clock;
  /** Claim's name → token → time, by the clock that never jumps. Holders that are bound are not in it. */
  readonly #seen = new Map<string, ReadonlyMap<string, number>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  onChange({ type, key, object }: Change<EipClaim>): void {
    const unbound = type === 'deleted' ? [] : object.spec.holders.filter(({ uid }) => uid === undefined);
    const before = this.#seen.get(key);
    if (unbound.length === 0) this.#seen.delete(key);
    else
      this.#seen.set(
        key,
        new Map(unbound.map(({ token }) => [token, before?.get(token) ?? this.#clock.monotonicMs()])),
      );
  }

  /** By the clock as it stands now, whatever it said then; now, for one that was not seen by the watch yet. */
  firstSeenMs(claim: EipClaim, holder: ClaimHolder): number {
    const nowMs = this.#clock.monotonicMs();
    const firstSeenMs = this.#seen.get(claim.metadata.name ?? '')?.get(holder.token) ?? nowMs;
    return this.#clock.nowMs() - (nowMs - firstSeenMs);
  }

  /** How long ago it was first seen here. */
  ageMs(claim: EipClaim, holder: ClaimHolder): number {
    return this.#clock.nowMs() - this.firstSeenMs(claim, holder);
  }

  /** Names of the claims with such a holder. */
  claims(): Iterable<string> {
    return this.#seen.keys();
  }

  /** Holders known, for a test that memory does not grow. */
  get size(): number {
    return [...this.#seen.values()].reduce((sum, tokens) => sum + tokens.size, 0);
  }
}
