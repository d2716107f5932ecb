/**
 * An AbortSignal that follows another one and also fires after a time. `AbortSignal.any` would do, but each use of it on a signal that lives as long as
 * the process leaves a reference behind; this one lets go when it is disposed of.
 */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #parent: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #onParentAbort: () => void;

  constructor(ms: number, parent?: AbortSignal) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#parent = parent;
    this.#onParentAbort = () => controller.abort(parent?.reason);
    if (parent?.aborted) this.#onParentAbort();
    parent?.addEventListener('abort', this.#onParentAbort, { once: true });
    this.#timer = setTimeout(() => controller.abort(new Error(`no answer within ${ms / 1000} s`)), ms);
  }

  /** Starts the time anew. */
  restart(): void {
    this.#timer.refresh();
  }

  /** Stops the clock; the parent is still followed. */
  disarm(): void {
    clearTimeout(this.#timer);
  }

  /** Stops the clock and lets go of the parent. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#parent?.removeEventListener('abort', this.#onParentAbort);
  }
}

/** Waits for `promise`, but not beyond `signal`: the promise itself goes on for others that wait for it. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
