/**
 * One HTTP/2 connection to the API server, shared by all requests and watches (RFC 9113), as in client-go.
 *
 * PING (§6.7) shows within seconds that a connection hangs half-open, without a byte or FIN, as after a power cut or a lost NAT entry. A PING is no API request and
 * costs the API server nothing. It is sent every ten seconds while a request or a watch is open, and at once when an answer is late.
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { type Connection, type HttpAnswer, type HttpRequest, NotSentError } from './connection.ts';

export interface Http2Timing {
  /** @default 10 s between PINGs while a request or a watch is open. */
  readonly pingIntervalMs?: number;
  /** @default 5 s until an unanswered PING means that the connection is dead. */
  readonly pingTimeoutMs?: number;
  /** @default 2 s without an answer to a request until a PING asks whether the connection lives. */
  readonly lateAfterMs?: number;
}

/** Windows larger than HTTP/2's 64 KiB, so that a page of a list need not wait for round trips. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024;
/** Node refuses streams beyond this; its default, 10 MB, is less than a few large lists at once. */
const SESSION_MEMORY_MB = 128;

export class Http2Connection implements Connection {
  readonly #session: ClientHttp2Session;
  readonly #authority: string;
  readonly #timing: Required<Http2Timing>;
  readonly #pinger: NodeJS.Timeout;
  #openStreams = 0;
  #probing = false;
  #goingAway = false;

  /** @param socket connected, with `h2` agreed by ALPN. */
  constructor(socket: TLSSocket, server: URL, timing: Http2Timing = {}) {
    this.#authority = server.host;
    this.#timing = { pingIntervalMs: 10_000, pingTimeoutMs: 5_000, lateAfterMs: 2_000, ...timing };
    const session = connect(server, {
      createConnection: () => socket,
      maxSessionMemory: SESSION_MEMORY_MB,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
    });
    this.#session = session;
    this.#pinger = setInterval(() => this.#openStreams > 0 && this.#probe(), this.#timing.pingIntervalMs).unref();
    // It may have been destroyed meanwhile, and would throw.
    session.once('connect', () => session.destroyed || session.setLocalWindowSize(CONNECTION_WINDOW_BYTES));
    session.once('goaway', () => {
      this.#goingAway = true;
    });
    // Each stream learns of it by itself.
    session.on('error', () => {});
    session.once('close', () => clearInterval(this.#pinger));
  }

  get usable(): boolean {
    return !this.#goingAway && !this.#session.closed && !this.#session.destroyed;
  }

  send(request: HttpRequest): Promise<HttpAnswer> {
    request.signal.throwIfAborted();
    const stream = this.#open(request);
    this.#openStreams++;
    const late = setTimeout(() => this.#probe(), this.#timing.lateAfterMs).unref();
    stream.once('close', () => {
      this.#openStreams--;
      clearTimeout(late);
    });
    let answered = false;
    const answer = new Promise<HttpAnswer>((resolve, reject) => {
      stream.once('response', (headers) => {
        answered = true;
        clearTimeout(late);
        const retryAfter = headers['retry-after'];
        const body = bodyOf(stream, request.signal);
        resolve({ statusCode: headers[':status'] ?? 0, retryAfter: retryAfter?.toString(), body });
      });
      stream.once('error', (error) => reject(reasonFor(stream, request.signal, error)));
      // Not for nothing: an Error with its stack costs a tenth of a request.
      stream.once('close', () => answered || reject(reasonFor(stream, request.signal)));
    });
    stream.end(request.body);
    return answer;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#session.destroyed) resolve();
      else this.#session.close(resolve);
    });
  }

  destroy(): void {
    this.#session.destroy();
  }

  #open(request: HttpRequest): ClientHttp2Stream {
    try {
      return this.#session.request(
        { ':method': request.method, ':path': request.path, ':authority': this.#authority, ...request.headers },
        { endStream: request.body === undefined, signal: request.signal },
      );
    } catch (cause) {
      throw new NotSentError(`connection lost: ${(cause as Error).message}`, { cause });
    }
  }

  /** Sends a PING, and destroys the connection if no answer comes. */
  #probe(): void {
    if (this.#probing || this.#session.destroyed) return;
    this.#probing = true;
    const giveUp = setTimeout(() => {
      // After this process itself was stopped or busy, the answer may be waiting to be read: the event loop reads before setImmediate.
      setImmediate(() => this.#probing && this.#session.destroy(new Error('connection lost: no answer to a PING')));
    }, this.#timing.pingTimeoutMs).unref();
    this.#session.ping(() => {
      clearTimeout(giveUp);
      this.#probing = false;
    });
  }
}

/**
 * Not by `for await`: a small answer comes in one piece, so the stream is often closed before anybody can read it, and of such a one Node's iterator
 * says that it broke (ERR_STREAM_PREMATURE_CLOSE), though all of its data is there.
 */
async function* bodyOf(stream: ClientHttp2Stream, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const chunk = stream.read() as Uint8Array | null;
      if (chunk) yield chunk;
      else if (stream.readableEnded || stream.destroyed) break;
      else await readableOrOver(stream);
    }
  } finally {
    // Leaving early cancels it at the API server.
    if (!stream.readableEnded) stream.destroy();
  }
  // A reset stream ends like a finished one; only its code tells.
  const isWhole = stream.readableEnded && !stream.aborted && stream.rstCode === constants.NGHTTP2_NO_ERROR;
  if (!isWhole) throw reasonFor(stream, signal, stream.errored ?? undefined);
}

function readableOrOver(stream: ClientHttp2Stream): Promise<void> {
  const events = ['readable', 'end', 'error', 'close'] as const;
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of events) stream.off(event, done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
  });
}

/** The most specific of the errors that one event causes in several places. */
function reasonFor(stream: ClientHttp2Stream, signal: AbortSignal, error?: Error): unknown {
  if (signal.aborted) return signal.reason;
  // §8.7: the server has not processed it.
  if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) return new NotSentError('the API server refused the stream');
  // A stream gets its number when its first frame is made.
  if (stream.id === undefined) return new NotSentError('connection lost', { cause: error });
  return error ?? new Error('connection lost');
}
