/**
 * Machines that say that they have an address of ours. While an address moves, two of our own nodes do for a moment: news is only what lasts.
 */
import { formatAddress } from '../../lib/net/address.ts';
import type { OtherOwner } from './link.ts';

/** Longer than any move takes. */
const LASTS_AFTER_MS = 2_000;
/** Not heard of for so long, it is over. */
const OVER_AFTER_MS = 30_000;

interface Seen {
  readonly other: OtherOwner;
  readonly firstMs: number;
  readonly lastMs: number;
}

export class ConflictsSeen {
  readonly #seen = new Map<string, Seen>();

  /** @returns whether this is the moment to tell of it. */
  note(other: OtherOwner, nowMs: number): boolean {
    const key = `${formatAddress(other.address)} ${other.mac}`;
    const before = this.#seen.get(key);
    const isSame = before && nowMs - before.lastMs < OVER_AFTER_MS;
    const wasLasting = isSame && before.lastMs - before.firstMs >= LASTS_AFTER_MS;
    const now = { other, firstMs: isSame ? before.firstMs : nowMs, lastMs: nowMs };
    this.#seen.set(key, now);
    return !wasLasting && now.lastMs - now.firstMs >= LASTS_AFTER_MS;
  }

  /** Those that go on. */
  lasting(nowMs: number): OtherOwner[] {
    for (const [key, { lastMs }] of this.#seen) if (nowMs - lastMs >= OVER_AFTER_MS) this.#seen.delete(key);
    return [...this.#seen.values()].flatMap(({ other, firstMs, lastMs }) =>
      lastMs - firstMs >= LASTS_AFTER_MS ? [other] : [],
    );
  }
}
