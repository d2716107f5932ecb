/**
 * Counts the claims of Services that may not be stored, by namespace. The allocator collects such claims (`allocator/claims/stray-claims.ts`). A namespace whose creations are refused
 * again and again after admission gets only a few of them at a time.
 *
 * A young holder without a UID is no evidence of refused creations: each of a hundred Services that are created at once has such a holder. A claim that the allocator collects as
 * unused, or gives to another Service, is evidence.
 */
import { UNUSED_ANNOTATION } from '../../lib/api/keys.ts';
import type { ClaimHolder, EipClaim } from '../../lib/api/skycap/claim.ts';
import type { Change, Store } from '../../lib/kube/cache/store.ts';

/** The most claims at a time, once as many went unused within the last minute. */
const FEW = 4;
/** The Service of an older holder is stored: the allocator would have collected the claim. */
const OF_LATE_MS = 60_000;

export interface UnstoredClaimsDeps {
  readonly claims: Store<EipClaim>;
  readonly nowMs: () => number;
}

export class UnstoredClaims {
  readonly #deps: UnstoredClaimsDeps;
  /** By namespace, then by claim and token: when a holder without a UID was written. The next young holder removes the old ones. */
  readonly #young = new Map<string, Map<string, number>>();
  /** By namespace: when the last few claims went unused. */
  readonly #unused = new Map<string, readonly number[]>();

  constructor(deps: UnstoredClaimsDeps) {
    this.#deps = deps;
    deps.claims.subscribe((change) => this.#onChange(change));
  }

  /** @returns the number of young holders if the namespace gets no more; otherwise undefined. */
  tooMany(namespace: string): number | undefined {
    const sinceMs = this.#deps.nowMs() - OF_LATE_MS;
    const unused = (this.#unused.get(namespace) ?? []).filter((atMs) => atMs > sinceMs);
    const young = [...(this.#young.get(namespace)?.values() ?? [])].filter((atMs) => atMs > sinceMs);
    return young.length >= FEW && unused.length >= FEW ? young.length : undefined;
  }

  /** The number of namespaces in memory, for a test that memory does not grow. */
  get size(): number {
    return Math.max(this.#young.size, this.#unused.size);
  }

  #onChange(change: Change<EipClaim>): void {
    const { key, object, type } = change;
    const before = type === 'added' ? [] : type === 'modified' ? change.old.spec.holders : object.spec.holders;
    const after = type === 'deleted' ? [] : object.spec.holders;
    // The claim of a Service that was stored and deleted is taken over too, by a later Service of the name, and is no evidence.
    const isTakenOver = after.length > 0 && !after.some((holder) => before.some((one) => isOfSame(one, holder)));
    const isUnused = isTakenOver || (type === 'deleted' && object.metadata.annotations?.[UNUSED_ANNOTATION] === 'true');
    for (const holder of before.filter(isUnbound)) {
      this.#young.get(holder.namespace)?.delete(`${key} ${holder.token}`);
      if (isUnused) this.#wentUnused(holder.namespace);
    }
    for (const holder of after.filter(isUnbound)) this.#noteYoung(holder, `${key} ${holder.token}`);
    for (const { namespace } of before) if (this.#young.get(namespace)?.size === 0) this.#young.delete(namespace);
  }

  #noteYoung({ namespace, since }: ClaimHolder, key: string): void {
    const writtenMs = Date.parse(since);
    const sinceMs = this.#deps.nowMs() - OF_LATE_MS;
    if (!(writtenMs > sinceMs)) return;
    const young = this.#young.get(namespace) ?? new Map<string, number>();
    for (const [other, atMs] of young) {
      if (atMs > sinceMs) break;
      young.delete(other);
    }
    this.#young.set(namespace, young.set(key, writtenMs));
  }

  #wentUnused(namespace: string): void {
    const nowMs = this.#deps.nowMs();
    for (const [other, times] of this.#unused) {
      if ((times.at(-1) ?? 0) <= nowMs - OF_LATE_MS) this.#unused.delete(other);
    }
    this.#unused.set(namespace, [...(this.#unused.get(namespace) ?? []), nowMs].slice(-FEW));
  }
}

/** The Service, or a later one of its name. */
function isOfSame(a: ClaimHolder, b: ClaimHolder): boolean {
  return a.token === b.token || (a.name !== undefined && a.name === b.name && a.namespace === b.namespace);
}

function isUnbound({ uid }: ClaimHolder): boolean {
  return uid === undefined;
}
