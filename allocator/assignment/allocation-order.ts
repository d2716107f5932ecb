/**
 * The order in which Services get addresses that come free. All waiting Services are reconciled again, the longest-waiting first. A Service that enters the queue
 * meanwhile is requeued behind a Service that has waited longer and would get the same address.
 *
 *     freed ─▶ due (in order) ─ asked ─▶ started ─▶ served or still waiting ─▶ ended ─▶ those who stepped back are asked
 */
import { compareWaiting, type Waiting, type WaitingList } from '../../lib/ipam/assignment/waiting-list.ts';

/** The number of longer-waiting Services that are considered. Beyond this number, the first Service in the queue gets the address. */
const MOST_LOOKED_AT = 256;

export class AllocationOrder {
  readonly #list: WaitingList;
  readonly #ask: (key: string) => void;
  /** Services that are still to be reconciled in this round, in order. */
  #due = new Map<string, Waiting>();
  /** Services whose chosen address is being claimed and published. They do not compete for another address. */
  readonly #served = new Set<string>();
  #hasSteppedBack = false;
  #isFlushPending = false;

  /** @param ask puts a key into the queue. */
  constructor(list: WaitingList, ask: (key: string) => void) {
    this.#list = list;
    this.#ask = ask;
  }

  /** An address came free, or can be given now. Several such events at once cause one round. */
  addressFreed(): void {
    const all = new Map(this.#list.inOrder().map((waiting) => [waiting.key, waiting]));
    for (const key of this.#served) all.delete(key);
    const newcomers = [...this.#due.values()].filter(({ key }) => !all.has(key));
    this.#due = inOrder([...all.values(), ...newcomers], newcomers.length > 0);
    this.#flushSoon();
  }

  /** The decision on the key starts, from the present state. */
  started(key: string): void {
    this.#due.delete(key);
  }

  /** The Services that have waited longer and were not reconciled yet. */
  before(waiting: Waiting): Waiting[] {
    const before: Waiting[] = [];
    for (const other of this.#due.values()) {
      if (before.length === MOST_LOOKED_AT || compareWaiting(other, waiting) >= 0) break;
      if (other.key !== waiting.key) before.push(other);
    }
    return before;
  }

  /** The Service would have taken an address of a longer-waiting Service. It is reconciled again after the next reconcile of another Service. */
  requeueBehind(waiting: Waiting): void {
    this.#due = inOrder([...this.#due.values(), waiting], true);
    this.#hasSteppedBack = true;
  }

  /** An address was chosen for the Service. */
  assigned(key: string): void {
    this.#served.add(key);
  }

  /** The reconcile of the key has ended. */
  ended(key: string): void {
    this.#served.delete(key);
    // The end of a Service that stepped back has changed nothing: the Service would step back again at once.
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
