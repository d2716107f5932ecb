/**
 * When which address is announced. PURE: time is passed in, in milliseconds of a clock that never jumps.
 *
 * A new one three times: at once, after one second and after three. ARP asks for two with two seconds between them (RFC 5227 §1.1), neighbour discovery for
 * three at most and one second apart at least (RFC 4861 §7.2.6); those who missed the first, such as a switch whose port just came up, get the others.
 * Many at once go out in small lots, since neighbours and switches drop what comes too fast: 2,000 take 100 ms.
 */
import type { Layer2Address } from '../../link/link.ts';

const WAITS_MS = [0, 1_000, 2_000] as const;
const LOT = 100;
const LOT_MS = 5;

interface Entry {
  readonly key: string;
  readonly what: Layer2Address;
  /** Another one under the same key took its place where this is not the present one. */
  readonly token: number;
  readonly dueMs: number;
  readonly isOnce: boolean;
}

export class Announcements {
  /** One queue for the first, the second and the third time: each is in the order of time by itself. */
  readonly #queues: Entry[][] = WAITS_MS.map(() => []);
  readonly #tokens = new Map<string, number>();
  #lastToken = 0;
  #notBeforeMs = 0;

  /** Starts anew where it is on its way already. */
  add(key: string, what: Layer2Address, nowMs: number): void {
    this.#tokens.set(key, ++this.#lastToken);
    this.#queues[0]!.push({ key, what, token: this.#lastToken, dueMs: nowMs, isOnce: false });
  }

  /** One time, beside whatever is on its way. */
  addOnce(key: string, what: Layer2Address, nowMs: number): void {
    if (!this.#tokens.has(key)) this.#tokens.set(key, ++this.#lastToken);
    this.#queues[0]!.push({ key, what, token: this.#tokens.get(key)!, dueMs: nowMs, isOnce: true });
  }

  remove(key: string): void {
    this.#tokens.delete(key);
  }

  /** The next lot that is due; each that is taken comes again by itself at its next time. */
  take(nowMs: number): readonly Layer2Address[] {
    const nextMs = this.nextMs;
    if (nextMs === undefined || nowMs < nextMs) return [];
    const lot: Layer2Address[] = [];
    this.#queues.forEach((queue, time) => {
      let taken = 0;
      for (; taken < queue.length && lot.length < LOT && queue[taken]!.dueMs <= nowMs; taken++) {
        const entry = queue[taken]!;
        if (this.#tokens.get(entry.key) !== entry.token) continue;
        lot.push(entry.what);
        const waitMs = WAITS_MS[time + 1];
        if (waitMs !== undefined && !entry.isOnce) {
          this.#queues[time + 1]!.push({ ...entry, dueMs: nowMs + waitMs });
        }
      }
      queue.splice(0, taken);
    });
    if (lot.length > 0) this.#notBeforeMs = nowMs + LOT_MS;
    return lot;
  }

  /** When there is something to take; undefined for never. */
  get nextMs(): number | undefined {
    let least: number | undefined;
    for (const queue of this.#queues) {
      const head = queue[0]?.dueMs;
      if (head !== undefined) least = Math.min(head, least ?? head);
    }
    return least === undefined ? undefined : Math.max(this.#notBeforeMs, least);
  }
}
