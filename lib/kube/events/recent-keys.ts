/** Remembers recent keys, so that an Event is not repeated. Bounded: the oldest key is forgotten first. */
export class RecentKeys {
  readonly #windowMs: number;
  readonly #most: number;
  /** Key to its time; insertion order is the order of time. */
  readonly #said = new Map<string, number>();

  constructor(options: { readonly windowMs: number; readonly most: number }) {
    this.#windowMs = options.windowMs;
    this.#most = options.most;
  }

  get size(): number {
    return this.#said.size;
  }

  /** @returns true for a key that is new within the window, and remembers it. */
  isNew(key: string, nowMs: number): boolean {
    const saidAtMs = this.#said.get(key);
    if (saidAtMs !== undefined && nowMs - saidAtMs < this.#windowMs) return false;
    this.#said.delete(key);
    this.#said.set(key, nowMs);
    if (this.#said.size > this.#most) this.#said.delete(this.#said.keys().next().value!);
    return true;
  }

  /** Forgets a key whose Event was not written. */
  forget(key: string): void {
    this.#said.delete(key);
  }
}
