/**
 * Keeps one connection to the API server and sends every request over it: opened when first needed, opened anew after it broke, was asked to go
 * away or its certificates changed. HTTP/2 where the server offers it (TLS ALPN, RFC 7301), HTTP/1.1 otherwise.
 */
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { type Access, type AccessSource, sameEndpoint } from './access.ts';
import { type Connection, type HttpAnswer, type HttpRequest, NotSentError } from './connection.ts';
import { abortable } from './deadline.ts';
import { Http1Connection } from './http1-connection.ts';
import { Http2Connection, type Http2Timing } from './http2-connection.ts';

export interface TransportOptions extends Http2Timing {
  /** @default 5 s for TCP and TLS together. */
  readonly connectTimeoutMs?: number;
}

/** The kernel's own sign of life, for HTTP/1.1; as client-go. */
const TCP_KEEPALIVE_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5_000;

interface Opened {
  readonly access: Access;
  readonly connection: Connection;
}

export class Transport {
  readonly #source: AccessSource;
  readonly #options: TransportOptions;
  #current: Opened | undefined;
  /** Requests that come while a connection is being made wait for that one. */
  #opening: Promise<Opened> | undefined;
  #closed = false;

  constructor(source: AccessSource, options: TransportOptions = {}) {
    this.#source = source;
    this.#options = options;
  }

  /** Reads the credentials anew, after the API server did not accept them. */
  async refreshAccess(): Promise<void> {
    await this.#source.refresh();
  }

  async send(request: HttpRequest): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt++) {
      const access = await abortable(this.#source.current(), request.signal);
      const connection = await abortable(this.#connectionFor(access), request.signal);
      try {
        return await connection.send({ ...request, headers: { ...request.headers, ...access.headers } });
      } catch (error) {
        // The connection was just going away: a new one will do. Once is enough (RFC 9113 §8.7).
        if (!(error instanceof NotSentError) || attempt > 1) throw error;
      }
    }
  }

  /** Ends every request and watch at once; none can be sent after that. */
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
  if (access.server.protocol === 'http:') return new Http1Connection(access);
  const socket = await openTls(access, options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
  if (socket.alpnProtocol === 'h2') return new Http2Connection(socket, access.server, options);
  socket.destroy();
  return new Http1Connection(access);
}

function openTls(access: Access, timeoutMs: number): Promise<TLSSocket> {
  const host = access.server.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(access.server.port || 443),
      ALPNProtocols: ['h2', 'http/1.1'],
      // An address is not allowed as a server name (RFC 6066 §3).
      ...(isIP(host) === 0 && { servername: host }),
      ...access.tls,
    });
    const giveUp = setTimeout(() => socket.destroy(new Error(`no connection within ${timeoutMs / 1000} s`)), timeoutMs);
    socket.setNoDelay(true).setKeepAlive(true, TCP_KEEPALIVE_MS);
    socket.once('error', reject);
    socket.once('close', () => {
      clearTimeout(giveUp);
      reject(new Error('connection lost while it was being made'));
    });
    socket.once('secureConnect', () => {
      clearTimeout(giveUp);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
