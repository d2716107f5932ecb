/**
 * Gathers the former holders that no AddressHistory has yet. The leader writes them. A standby gathers the same entries and keeps each for two minutes: if the leader
 * crashes, the standby has what the leader did not write.
 */
import type { EipClaim } from '../../../lib/api/skycap/claim.ts';
import type { HistoryEntry } from '../../../lib/ipam/history/entry.ts';
import type { Change, Store } from '../../../lib/kube/cache/store.ts';
import type { Clock } from '../../../lib/process/clock.ts';
import { endedHolders, type HolderFacts } from './ended-holders.ts';

interface Gathered {
  readonly entry: HistoryEntry;
  readonly atMs: number;
}

export const STANDBY_KEEPS_MS = 120_000;
/** About a megabyte. */
export const MOST_GATHERED = 5_000;

export class FormerHolders {
  readonly #clock: Clock;
  #gathered: Gathered[] = [];
  #leads: { readonly onNew: () => void; readonly onDropped: (count: number) => void } | undefined;

  /** Subscribes to the claims. The indexes must not know the change yet. */
  constructor(claims: Store<EipClaim>, facts: Omit<HolderFacts, 'nowMs'>, clock: Clock) {
    this.#clock = clock;
    claims.subscribe((change) => this.#look(change, facts));
  }

  /** @param leads absent: the replica is a standby. */
  setLeads(leads: { readonly onNew: () => void; readonly onDropped: (count: number) => void } | undefined): void {
    this.#forgetOld();
    this.#leads = leads;
    if (this.#gathered.length > 0) leads?.onNew();
  }

  get size(): number {
    return this.#gathered.length;
  }

  /** Takes all entries, from the oldest. */
  take(): readonly HistoryEntry[] {
    return this.#gathered.splice(0).map(({ entry }) => entry);
  }

  /** The entries could not be written. */
  putBack(entries: readonly HistoryEntry[]): void {
    const atMs = this.#clock.monotonicMs();
    this.#gathered = [...entries.map((entry) => ({ entry, atMs })), ...this.#gathered];
    this.#limit();
  }

  #look(change: Change<EipClaim>, facts: Omit<HolderFacts, 'nowMs'>): void {
    const entries = endedHolders(change, { ...facts, nowMs: this.#clock.nowMs() });
    if (entries.length === 0) return;
    const atMs = this.#clock.monotonicMs();
    this.#gathered.push(...entries.map((entry) => ({ entry, atMs })));
    if (!this.#leads) this.#forgetOld();
    this.#limit();
    this.#leads?.onNew();
  }

  #forgetOld(): void {
    if (this.#leads) return;
    const sinceMs = this.#clock.monotonicMs() - STANDBY_KEEPS_MS;
    const first = this.#gathered.findIndex(({ atMs }) => atMs >= sinceMs);
    this.#gathered.splice(0, first < 0 ? this.#gathered.length : first);
  }

  #limit(): void {
    const dropped = this.#gathered.splice(0, Math.max(0, this.#gathered.length - MOST_GATHERED));
    if (dropped.length > 0) this.#leads?.onDropped(dropped.length);
  }
}
