/**
 * Whose turn it is when addresses come free: those who wait are all asked again, the longest-waiting first, and whoever comes to the
 * queue in between steps back behind one who has waited longer and would take the very address.
 *
 *     freed ─▶ due (in order) ─ asked ─▶ started ─▶ served or still waiting ─▶ ended ─▶ those who stepped back are asked
 */
import { compareWaiting, type Waiting, type WaitingList } from './waiting-list.ts';

/** So many of those before one are looked at; beyond that, who comes first is served first. */
const MOST_LOOKED_AT = 256;

export class AllocationOrder {
  readonly #list: WaitingList;
  readonly #ask: (key: string) => void;
  /** To be asked, or asked and not looked at yet; in order. */
  #due = new Map<string, Waiting>();
  /** An address was chosen for them and is being claimed and published; they are no rivals for another one. */
  readonly #served = new Set<string>();
  #hasSteppedBack = false;
  #isFlushPending = false;

  /** @param ask puts a key into the queue. */
  constructor(list: WaitingList, ask: (key: string) => void) {
    this.#list = list;
    this.#ask = ask;
  }

  /** Something came free, or may be given that could not be before. Many at once cause one round. */
  addressFreed(): void {
    const all = new Map(this.#list.inOrder().map((waiting) => [waiting.key, waiting]));
    for (const key of this.#served) all.delete(key);
    const newcomers = [...this.#due.values()].filter(({ key }) => !all.has(key));
    this.#due = inOrder([...all.values(), ...newcomers], newcomers.length > 0);
    this.#flushSoon();
  }

  /** The decision on the key starts, and sees the world as it is now. */
  started(key: string): void {
    this.#due.delete(key);
  }

  /** Who has waited longer and was not looked at yet. */
  before(waiting: Waiting): Waiting[] {
    const before: Waiting[] = [];
    for (const other of this.#due.values()) {
      if (before.length === MOST_LOOKED_AT || compareWaiting(other, waiting) >= 0) break;
      if (other.key !== waiting.key) before.push(other);
    }
    return before;
  }

  /** It would have taken what one before it is to have, and is asked again once somebody has been looked at. */
  requeueBehind(waiting: Waiting): void {
    this.#due = inOrder([...this.#due.values(), waiting], true);
    this.#hasSteppedBack = true;
  }

  /** An address was chosen for it. */
  assigned(key: string): void {
    this.#served.add(key);
  }

  /** All that was to be done for the key is done. */
  ended(key: string): void {
    this.#served.delete(key);
    // Who stepped back itself has changed nothing by ending, and would do so again at once.
    if (!this.#hasSteppedBack || this.#due.has(key)) return;
    this.#hasSteppedBack = false;
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushPending) return;
    this.#isFlushPending = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushPending = false;
    for (const key of [...this.#due.keys()]) this.#ask(key);
  }
}

function inOrder(waiting: Waiting[], mustSort: boolean): Map<string, Waiting> {
  if (mustSort) waiting.sort(compareWaiting);
  return new Map(waiting.map((one) => [one.key, one]));
}
