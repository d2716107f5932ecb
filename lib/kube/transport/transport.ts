/**
 * Keeps one connection to the API server for all requests: opened when first needed, and again after it broke, was asked to go away or its certificates changed. HTTP/2
 * if the server offers it, otherwise HTTP/1.1.
 */
import { type Access, type AccessSource, sameEndpoint } from '../access/access.ts';
import { abortable } from '../deadline.ts';
import { type ConnectTiming, connectTls } from './connect-tls.ts';
import { type Connection, type HttpAnswer, type HttpRequest, NotSentError } from './connection.ts';
import { Http2Connection, type Http2Timing } from './http2-connection.ts';

export type TransportOptions = Http2Timing & ConnectTiming;

interface Opened {
  readonly access: Access;
  readonly connection: Connection;
}

export class Transport {
  readonly #source: AccessSource;
  readonly #options: TransportOptions;
  #current: Opened | undefined;
  /** Requests during the setup of a connection wait for it. */
  #opening: Promise<Opened> | undefined;
  #closed = false;

  constructor(source: AccessSource, options: TransportOptions = {}) {
    this.#source = source;
    this.#options = options;
  }

  /** Reads the credentials again, after the API server rejected them. */
  async refreshAccess(): Promise<void> {
    await this.#source.refresh();
  }

  async send(request: HttpRequest): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt++) {
      const access = await abortable(this.#source.current(), request.signal);
      const connection = await abortable(this.#connectionFor(access), request.signal);
      // Nothing is waited for from here until the bytes are the kernel's.
      request.beforeSend?.();
      try {
        return await connection.send({ ...request, headers: { ...request.headers, ...access.headers } });
      } catch (error) {
        // The connection was just going away: a new one will do. Once is enough (RFC 9113 §8.7).
        if (!(error instanceof NotSentError) || attempt > 1) throw error;
      }
    }
  }

  /** Ends every request and watch at once; no request can be sent after that. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#current?.connection.destroy();
    const opening = await this.#opening?.catch(() => undefined);
    opening?.connection.destroy();
  }

  async #connectionFor(access: Access): Promise<Connection> {
    if (this.#closed) throw new Error('Cannot send a request: the client is closed');
    const { connection } = this.#usable(access) ?? (await this.#open(access));
    return connection;
  }

  #usable(access: Access): Opened | undefined {
    const current = this.#current;
    if (!current?.connection.usable) return undefined;
    if (sameEndpoint(current.access, access)) return current;
    // Rotated certificates: what is under way ends by itself.
    void current.connection.close();
    this.#current = undefined;
    return undefined;
  }

  #open(access: Access): Promise<Opened> {
    this.#opening ??= openConnection(access, this.#options)
      .then((connection) => {
        this.#current = { access, connection };
        return this.#current;
      })
      .finally(() => {
        this.#opening = undefined;
      });
    return this.#opening;
  }
}

async function openConnection(access: Access, options: TransportOptions): Promise<Connection> {
  if (access.server.protocol === 'http:') return openHttp1(access);
  const socket = await connectTls(access, options);
  if (socket.alpnProtocol === 'h2') return new Http2Connection(socket, access.server, options);
  socket.destroy();
  return openHttp1(access);
}

/** Loaded only if needed, which is rare: node:http takes megabytes. */
async function openHttp1(access: Access): Promise<Connection> {
  const { Http1Connection } = await import('./http1-connection.ts');
  return new Http1Connection(access);
}
