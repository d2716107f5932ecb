/**
 * Implements {@link ResponderPort} with a thread that has the sockets (`responder-thread.ts`). This file closes the eventfd that wakes the thread, when the
 * thread is gone.
 */
import { once } from 'node:events';
import { closeSync, writeSync } from 'node:fs';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Address, formatAddress } from '../../../lib/net/address.ts';
import type { Logger } from '../../../lib/process/log.ts';
import type { Layer2Address, Link, OtherOwner } from '../link/link.ts';
import type { Answered, ResponderListener, ResponderPort } from '../link/responder-port.ts';
import { ResponderCounts } from './responder-counts.ts';
import type { FromThread, ToThread } from './responder-messages.ts';

export interface ResponderOptions {
  readonly listener: ResponderListener;
  readonly log: Logger;
}

/** An eventfd takes numbers of eight bytes. */
const ONE = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
/** The heap that `--max-semi-space-size=2` gives to the main thread; threads do not inherit the option. */
const LIMITS = { maxYoungGenerationSizeMb: 6 };

const LOG_ERROR_EVERY_MS = 60_000;
const MOST_ERRORS = 100;

export class Responder implements ResponderPort {
  readonly counts = new ResponderCounts();
  readonly #options: ResponderOptions;
  readonly #waiting = new Map<number, (owners: readonly OtherOwner[]) => void>();
  readonly #followed = new Map<string, Address>();
  /** When each error was last logged. */
  readonly #errors = new Map<string, number>();
  readonly #failure = Promise.withResolvers<never>();
  #worker: Worker | undefined;
  #wake: number | undefined;
  #links: readonly Link[] = [];
  #towards: ReadonlyMap<string, string> = new Map();
  #lastId = 0;
  #isClosed = false;

  constructor(options: ResponderOptions) {
    this.#options = options;
    // Without a call of run() nobody handles the rejection.
    this.#failure.promise.catch(() => {});
  }

  get links(): readonly Link[] {
    return this.#links;
  }

  start(): void {
    if (this.#worker || this.#isClosed) return;
    // Beside this file in the source, beside the bundle in dist/ (build.mjs).
    const file = new URL(`./responder-worker${extname(new URL(import.meta.url).pathname)}`, import.meta.url);
    const worker = new Worker(file, {
      name: 'layer 2',
      workerData: { counts: this.counts.memory },
      resourceLimits: LIMITS,
    });
    this.#worker = worker;
    worker.on('message', (message: FromThread) => this.#onMessage(message));
    worker.on('error', (cause) => this.#failure.reject(new Error('Cannot go on with layer 2', { cause })));
    worker.on('exit', (code) => this.#onExit(code));
  }

  linkTowards(address: Address): string | undefined {
    const text = formatAddress(address);
    if (!this.#followed.has(text)) {
      this.#followed.set(text, address);
      this.#tell({ kind: 'follow', address });
    }
    return this.#towards.get(text);
  }

  async answerFor(addresses: readonly Answered[]): Promise<void> {
    await this.#request((id) => ({ kind: 'answerFor', id, addresses }));
  }

  async probe(addresses: readonly Layer2Address[], signal: AbortSignal): Promise<readonly OtherOwner[]> {
    signal.throwIfAborted();
    const id = this.#lastId + 1;
    const probed = this.#request((id) => ({ kind: 'probe', id, addresses }));
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => {
      this.#waiting.delete(id);
      this.#tell({ kind: 'cancelProbe', id });
      aborted.reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([probed, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Returns when `signal` aborts; the thread goes on until {@link close}. @throws if the thread fails. */
  async run(signal: AbortSignal): Promise<void> {
    if (!signal.aborted) await Promise.race([once(signal, 'abort'), this.#failure.promise]);
  }

  /** Resolves when the thread has ended, and answers no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    if (!worker) return;
    const gone = once(worker, 'exit');
    this.#tell({ kind: 'stop' });
    await gone;
  }

  /** Resolves with nothing when the thread is gone. */
  #request(message: (id: number) => ToThread): Promise<readonly OtherOwner[]> {
    const id = ++this.#lastId;
    if (!this.#worker) return Promise.resolve([]);
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#tell(message(id));
    });
  }

  /** A thread that has just started looks for messages by itself. */
  #tell(message: ToThread): void {
    this.#worker?.postMessage(message);
    if (this.#wake !== undefined) writeSync(this.#wake, ONE);
  }

  #onMessage(message: FromThread): void {
    switch (message.kind) {
      case 'started':
        this.#wake = message.wake;
        writeSync(this.#wake, ONE);
        break;
      case 'links':
        this.#links = message.links;
        this.#towards = message.towards;
        this.#options.listener.onLinks();
        break;
      case 'answering':
        this.#answer(message.id, []);
        break;
      case 'probed':
        this.#answer(message.id, message.owners);
        break;
      case 'conflict':
        this.#options.listener.onConflict(message.conflict);
        break;
      case 'error':
        this.#onError(message.what, message.error);
    }
  }

  /** The thread tries again every second; the log has the error once a minute. */
  #onError(what: string, error: string): void {
    const now = performance.now();
    const key = `${what} ${error}`;
    if (now - (this.#errors.get(key) ?? Number.NEGATIVE_INFINITY) < LOG_ERROR_EVERY_MS) return;
    if (this.#errors.size >= MOST_ERRORS) this.#errors.clear();
    this.#errors.set(key, now);
    this.#options.log.warn({ what, error }, 'layer 2 impaired');
  }

  #answer(id: number, owners: readonly OtherOwner[]): void {
    this.#waiting.get(id)?.(owners);
    this.#waiting.delete(id);
  }

  #onExit(code: number): void {
    this.#worker = undefined;
    if (this.#wake !== undefined) closeSync(this.#wake);
    this.#wake = undefined;
    for (const id of [...this.#waiting.keys()]) this.#answer(id, []);
    if (!this.#isClosed)
      this.#failure.reject(new Error(`Cannot go on with layer 2: its thread ended with code ${code}`));
  }
}
