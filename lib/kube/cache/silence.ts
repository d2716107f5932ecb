/**
 * Judges a silent watch. Without changes, silence is normal: an API server sends a bookmark each minute, but omits one whose version is not newer than the start of the
 * watch, and its cache learns of newer versions only from etcd's progress notifications, by default each 10 minutes (`--experimental-watch-progress-notify-interval`;
 * kubeadm sets 5 s).
 *
 * After a while a request therefore makes the API server's cache catch up with etcd (KEP-2340). From then on there is a newer version, and a bookmark comes within a
 * minute. A watch without that bookmark is given up.
 */
import { Deadline } from '../deadline.ts';

export interface SilenceOptions {
  /** The request. Its answer does not matter. */
  readonly ask: (signal: AbortSignal) => Promise<unknown>;
  readonly askAfterMs: number;
  /** The watch is given up after this time. */
  readonly limitMs: number;
  /** Of the watch. */
  readonly parent: AbortSignal;
}

export class Silence implements Disposable {
  readonly #options: SilenceOptions;
  readonly #limit: Deadline;
  readonly #timer: NodeJS.Timeout;

  constructor(options: SilenceOptions) {
    this.#options = options;
    this.#limit = new Deadline(options.limitMs, options.parent);
    this.#timer = setTimeout(() => this.#ask(), options.askAfterMs);
  }

  /** Aborts when the watch is given up, and with its parent. */
  get signal(): AbortSignal {
    return this.#limit.signal;
  }

  /** The watch returned a line. */
  broken(): void {
    this.#limit.restart();
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#limit.dispose();
  }

  #ask(): void {
    const { ask } = this.#options;
    // An API server that does not answer shows by the limit.
    ask(this.signal).catch(() => {});
  }
}
