/** An index: the values of a key. A key without values is removed, so that memory does not grow. */
export class SetIndex {
  readonly #values = new Map<string, Set<string>>();

  add(key: string, value: string): void {
    const values = this.#values.get(key);
    if (values) values.add(value);
    else this.#values.set(key, new Set([value]));
  }

  delete(key: string, value: string): void {
    const values = this.#values.get(key);
    values?.delete(value);
    if (values?.size === 0) this.#values.delete(key);
  }

  get(key: string): ReadonlySet<string> | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** Keys with a value. */
  get size(): number {
    return this.#values.size;
  }
}
