/**
 * Schedules announcements. Pure: time is an argument, in milliseconds of a monotonic clock.
 *
 * A new address is announced three times: at once, after one second and after three. RFC 5227 §1.1 wants two ARP announcements two seconds apart; RFC 4861 §7.2.6
 * at most three unsolicited advertisements, at least one second apart. The later ones reach machines that missed the first, such as a switch whose port just came up.
 * Many announcements go out in small batches, since neighbours and switches drop what comes too fast: 2,000 take 100 ms.
 */
import type { Layer2Address } from '../../link/link.ts';

const WAITS_MS = [0, 1_000, 2_000] as const;
const BATCH = 100;
const BATCH_INTERVAL_MS = 5;

interface ScheduledAnnouncement {
  readonly key: string;
  readonly what: Layer2Address;
  /** Stale if the key has a later generation. */
  readonly generation: number;
  readonly dueMs: number;
  readonly isOnce: boolean;
}

export class Announcements {
  /** One queue each for the first, the second and the third time, so each queue is in the order of time. */
  readonly #queues: ScheduledAnnouncement[][] = WAITS_MS.map(() => []);
  readonly #generations = new Map<string, number>();
  #lastGeneration = 0;
  #notBeforeMs = 0;

  /** Starts anew if the address is scheduled already. */
  add(key: string, what: Layer2Address, nowMs: number): void {
    this.#generations.set(key, ++this.#lastGeneration);
    this.#queues[0]!.push({ key, what, generation: this.#lastGeneration, dueMs: nowMs, isOnce: false });
  }

  /** Announces once more, beside the schedule. */
  addOnce(key: string, what: Layer2Address, nowMs: number): void {
    if (!this.#generations.has(key)) this.#generations.set(key, ++this.#lastGeneration);
    this.#queues[0]!.push({ key, what, generation: this.#generations.get(key)!, dueMs: nowMs, isOnce: true });
  }

  remove(key: string): void {
    this.#generations.delete(key);
  }

  /** Takes the next batch that is due, and schedules the next time of each. */
  take(nowMs: number): readonly Layer2Address[] {
    const nextMs = this.nextMs;
    if (nextMs === undefined || nowMs < nextMs) return [];
    const batch: Layer2Address[] = [];
    this.#queues.forEach((queue, time) => {
      let taken = 0;
      for (; taken < queue.length && batch.length < BATCH && queue[taken]!.dueMs <= nowMs; taken++) {
        const announcement = queue[taken]!;
        if (this.#generations.get(announcement.key) !== announcement.generation) continue;
        batch.push(announcement.what);
        const waitMs = WAITS_MS[time + 1];
        if (waitMs !== undefined && !announcement.isOnce) {
          this.#queues[time + 1]!.push({ ...announcement, dueMs: nowMs + waitMs });
        }
      }
      queue.splice(0, taken);
    });
    if (batch.length > 0) this.#notBeforeMs = nowMs + BATCH_INTERVAL_MS;
    return batch;
  }

  /** When the next batch is due; undefined for never. */
  get nextMs(): number | undefined {
    let least: number | undefined;
    for (const queue of this.#queues) {
      const head = queue[0]?.dueMs;
      if (head !== undefined) least = Math.min(head, least ?? head);
    }
    return least === undefined ? undefined : Math.max(this.#notBeforeMs, least);
  }
}
