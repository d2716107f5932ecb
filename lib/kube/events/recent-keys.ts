/** Remembers what was said lately, so that it is not said again. Bounded: the oldest is forgotten first. */
export class RecentKeys {
  readonly #windowMs: number;
  readonly #most: number;
  /** Key to the time it was said; insertion order is the order of time. */
  readonly #said = new Map<string, number>();

  constructor(options: { readonly windowMs: number; readonly most: number }) {
    this.#windowMs = options.windowMs;
    this.#most = options.most;
  }

  get size(): number {
    return this.#said.size;
  }

  /** @returns true for what was not said within the window; it counts as said from now on. */
  isNew(key: string, nowMs: number): boolean {
    const saidAtMs = this.#said.get(key);
    if (saidAtMs !== undefined && nowMs - saidAtMs < this.#windowMs) return false;
    this.#said.delete(key);
    this.#said.set(key, nowMs);
    if (this.#said.size > this.#most) this.#said.delete(this.#said.keys().next().value!);
    return true;
  }

  /** The next one is new again: it was not said after all. */
  forget(key: string): void {
    this.#said.delete(key);
  }
}
