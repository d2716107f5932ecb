/**
 * A client of BIRD's control socket: one command at a time, each answered before the next is sent.
 *
 * It connects when the first command needs it and again after a failure, so BIRD may come and go. It never retries a command by
 * itself: the caller knows whether that makes sense.
 */
import { connect, type Socket } from 'node:net';
import { type BirdVersion, parseBirdVersion } from './config/version.ts';
import { isError, type Reply, ReplyParser } from './reply.ts';

/** BIRD could not be asked: it does not run, or did not answer in time. */
export class BirdUnreachableError extends Error {
  override readonly name = 'BirdUnreachableError';
}

/** BIRD answered with an error. `reply` has its words. */
export class BirdCommandError extends Error {
  override readonly name = 'BirdCommandError';
  readonly reply: Reply;

  constructor(command: string, reply: Reply) {
    super(`Cannot run "${command}" in BIRD: ${reply.text}`);
    this.reply = reply;
  }
}

export interface BirdConnectionOptions {
  readonly socketPath: string;
  /** Longest wait for one answer. A configuration of 50,000 routes takes BIRD a tenth of a second. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

export class BirdControl {
  readonly #options: BirdConnectionOptions;
  #link: BirdLink | undefined;
  /** The tail of the queue of commands. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: BirdConnectionOptions) {
    this.#options = options;
  }

  /** Version of the BIRD that is connected. */
  get version(): BirdVersion | undefined {
    return this.#link?.version;
  }

  /**
   * @throws {BirdUnreachableError} no BIRD, or no answer.
   * @throws {BirdCommandError} BIRD refused.
   */
  async command(text: string, signal?: AbortSignal): Promise<Reply> {
    const turn = this.#last.then(() => this.#run(text, signal));
    this.#last = turn.catch(() => undefined);
    const reply = await turn;
    if (isError(reply)) throw new BirdCommandError(text, reply);
    return reply;
  }

  close(): void {
    this.#link?.close(new BirdUnreachableError('Cannot ask BIRD: the connection was closed'));
    this.#link = undefined;
  }

  async #run(text: string, signal: AbortSignal | undefined): Promise<Reply> {
    signal?.throwIfAborted();
    if (!this.#link || this.#link.isClosed) this.#link = await BirdLink.open(this.#options, signal);
    return await this.#link.ask(text, signal);
  }
}

/** One connection, from its greeting to its end. Used by {@link BirdControl} and by the watcher of events. */
export class BirdLink {
  readonly #socket: Socket;
  readonly #parser = new ReplyParser();
  readonly #timeoutMs: number;
  #waiting: Waiting | undefined;
  #closed: Error | undefined;
  #version: BirdVersion | undefined;
  /** Called for each event line after `echo`. */
  onEcho: (text: string) => void = () => {};
  /** Called once, when the connection has ended. */
  onClose: (error: Error) => void = () => {};

  /** Resolves after BIRD's greeting. */
  static async open(options: BirdConnectionOptions, signal?: AbortSignal): Promise<BirdLink> {
    const link = new BirdLink(connect(options.socketPath), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const greeting = await link.#next('greet us', signal);
    link.#version = parseBirdVersion(greeting.text);
    return link;
  }

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.#read(chunk));
    socket.on('error', (error) =>
      this.close(new BirdUnreachableError(`Cannot ask BIRD: ${error.message}`, { cause: error })),
    );
    socket.on('close', () => this.close(new BirdUnreachableError('Cannot ask BIRD: it closed the connection')));
  }

  get version(): BirdVersion | undefined {
    return this.#version;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  async ask(command: string, signal?: AbortSignal): Promise<Reply> {
    if (/[\r\n]/.test(command)) throw new RangeError('Cannot send a command to BIRD: it has more than one line');
    const reply = this.#next(`answer "${command}"`, signal);
    this.#socket.write(`${command}\n`);
    return await reply;
  }

  close(error: Error): void {
    if (this.#closed) return;
    this.#closed = error;
    this.#socket.destroy();
    this.#waiting?.reject(error);
    this.#waiting = undefined;
    this.onClose(error);
  }

  /** An answer given up leaves the connection unusable, since it could still come: the connection is closed. */
  #next(what: string, signal?: AbortSignal): Promise<Reply> {
    const closed = this.#closed;
    if (closed) return Promise.reject(closed);
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    this.#waiting = { resolve, reject };
    const giveUp = (why: string) => this.close(new BirdUnreachableError(`Cannot wait for BIRD to ${what}: ${why}`));
    const timer = setTimeout(() => giveUp(`no answer in ${this.#timeoutMs} ms`), this.#timeoutMs);
    const onAbort = () => giveUp('the caller stopped');
    signal?.addEventListener('abort', onAbort, { once: true });
    return promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    });
  }

  #read(chunk: string): void {
    for (const event of this.#parser.feed(chunk)) {
      if (event.kind === 'echo') this.onEcho(event.text);
      else {
        const waiting = this.#waiting;
        this.#waiting = undefined;
        waiting?.resolve(event.reply);
      }
    }
  }
}
