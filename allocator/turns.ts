/**
 * Whose turn it is when addresses come free: those who wait are all asked again, the longest-waiting first, and whoever comes to the
 * queue in between steps back behind one who has waited longer and would take the very address.
 */
import { compareWaiting, type Waiting, type WaitingList } from './waiting.ts';

/** So many of those before one are looked at; beyond that, who comes first is served first. */
const MOST_LOOKED_AT = 256;

export class Turns {
  readonly #list: WaitingList;
  readonly #ask: (key: string) => void;
  /** To be asked again and not asked yet, in order. */
  #due = new Map<string, Waiting>();
  #isFlushPending = false;

  /** @param ask puts a key into the queue. */
  constructor(list: WaitingList, ask: (key: string) => void) {
    this.#list = list;
    this.#ask = ask;
  }

  /** Something came free, or may be given that could not be before. Many at once cause one round. */
  freed(): void {
    this.#due = new Map(this.#list.inOrder().map((waiting) => [waiting.key, waiting]));
    if (this.#isFlushPending) return;
    this.#isFlushPending = true;
    setImmediate(() => this.#flush());
  }

  /** The decision on the key starts, and sees the world as it is now. */
  started(key: string): void {
    this.#due.delete(key);
  }

  /** Who has waited longer and was not asked yet. */
  before(waiting: Waiting): Waiting[] {
    const before: Waiting[] = [];
    for (const other of this.#due.values()) {
      if (before.length === MOST_LOOKED_AT || compareWaiting(other, waiting) >= 0) break;
      if (other.key !== waiting.key) before.push(other);
    }
    return before;
  }

  #flush(): void {
    this.#isFlushPending = false;
    for (const key of [...this.#due.keys()]) this.#ask(key);
  }
}
