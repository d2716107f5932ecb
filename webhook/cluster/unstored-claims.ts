/**
 * Addresses that a namespace holds for Services which are not stored, as far as the claims tell. The allocator collects those (`allocator/claims/stray-claims.ts`); a namespace whose
 * creations are refused again and again after admission takes no more of them than a few at a time.
 *
 * A claim that is not bound is no sign of that by itself: so is each of a hundred Services that are created at once. Claims that the allocator collects as unused, or gives to
 * a Service that exists, are one.
 */
import { UNUSED_ANNOTATION } from '../../lib/api/keys.ts';
import { SetIndex } from '../../lib/api/meta/set-index.ts';
import type { ClaimHolder, EipClaim } from '../../lib/api/skycap/claim.ts';
import type { Change, Store } from '../../lib/kube/cache/store.ts';

/** So many at a time, once as many went unused of late. */
const FEW = 4;
const OF_LATE_MS = 60_000;

export interface UnstoredClaimsDeps {
  readonly claims: Store<EipClaim>;
  readonly monotonicMs: () => number;
}

export class UnstoredClaims {
  readonly #deps: UnstoredClaimsDeps;
  /** By namespace, the entries without a uid: claim and token. */
  readonly #unbound = new SetIndex();
  /** By namespace, when the last few went unused. */
  readonly #unused = new Map<string, readonly number[]>();

  constructor(deps: UnstoredClaimsDeps) {
    this.#deps = deps;
    deps.claims.subscribe((change) => this.#onChange(change));
  }

  /** @returns how many it holds, where it is to have no more; else undefined. */
  tooMany(namespace: string): number | undefined {
    const { size } = this.#unbound.get(namespace) ?? { size: 0 };
    const sinceMs = this.#deps.monotonicMs() - OF_LATE_MS;
    const unused = (this.#unused.get(namespace) ?? []).filter((atMs) => atMs > sinceMs);
    return size >= FEW && unused.length >= FEW ? size : undefined;
  }

  /** Namespaces known, for a test that memory does not grow. */
  get size(): number {
    return Math.max(this.#unbound.size, this.#unused.size);
  }

  #onChange(change: Change<EipClaim>): void {
    const { key, object, type } = change;
    const before = type === 'added' ? [] : type === 'modified' ? change.old.spec.holders : object.spec.holders;
    const after = type === 'deleted' ? [] : object.spec.holders;
    // Of a Service that was stored and deleted the claim goes the same way, and is no sign: it may not have been bound yet.
    const isTakenOver = after.length > 0 && !after.some(({ token }) => before.some((holder) => holder.token === token));
    const isUnused = isTakenOver || (type === 'deleted' && object.metadata.annotations?.[UNUSED_ANNOTATION] === 'true');
    for (const holder of before.filter(isUnbound)) {
      this.#unbound.delete(holder.namespace, `${key} ${holder.token}`);
      if (isUnused) this.#wentUnused(holder.namespace);
    }
    for (const { namespace, token } of after.filter(isUnbound)) this.#unbound.add(namespace, `${key} ${token}`);
  }

  #wentUnused(namespace: string): void {
    const nowMs = this.#deps.monotonicMs();
    for (const [other, times] of this.#unused) {
      if ((times.at(-1) ?? 0) <= nowMs - OF_LATE_MS) this.#unused.delete(other);
    }
    this.#unused.set(namespace, [...(this.#unused.get(namespace) ?? []), nowMs].slice(-FEW));
  }
}

function isUnbound({ uid }: ClaimHolder): boolean {
  return uid === undefined;
}
