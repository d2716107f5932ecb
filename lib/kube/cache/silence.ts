/**
 * Judges a watch that says nothing. Where nothing changes that is as it should be: an API server sends a bookmark each minute, but leaves out one whose version
 * is not newer than the one that the watch began with, and its cache learns of newer versions only as often as etcd tells of its progress, which is
 * each 10 minutes by default (`--experimental-watch-progress-notify-interval`; kubeadm sets 5 s).
 *
 * So after a while the API server is asked something for which its cache has to catch up with etcd (KEP-2340). From then on it has a newer version to tell, and
 * the watch hears a bookmark within a minute. One that hears none is given up.
 */
import { Deadline } from '../deadline.ts';

export interface SilenceOptions {
  /** Asks the API server. What it answers does not matter. */
  readonly ask: (signal: AbortSignal) => Promise<unknown>;
  readonly askAfterMs: number;
  /** The watch is given up after so long. */
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

  /** Aborts when the watch is to be given up, and with its parent. */
  get signal(): AbortSignal {
    return this.#limit.signal;
  }

  /** The watch said something. */
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
