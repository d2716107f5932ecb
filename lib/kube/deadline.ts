/**
 * An AbortSignal that follows another one and also fires after a time. Each use of `AbortSignal.any` on a signal that lives as long as the process leaves a reference
 * behind; this one is removed when disposed.
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

  /** Restarts the time. */
  restart(): void {
    this.#timer.refresh();
  }

  /** Stops the clock; the signal still follows the parent. */
  disarm(): void {
    clearTimeout(this.#timer);
  }

  /** Stops the clock, and no longer follows the parent. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#parent?.removeEventListener('abort', this.#onParentAbort);
  }
}

/** Waits for `promise`, but not beyond `signal`. The promise itself continues. */
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
