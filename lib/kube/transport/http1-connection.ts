/**
 * HTTP/1.1 to the API server by a pool of kept-alive connections: for proxies that do not speak HTTP/2, and for `http://` (kubectl proxy).
 * There is no PING here: a half-open connection shows by the silence of its watch (Reflector) or the deadline of its request.
 */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Access } from '../access/access.ts';
import type { Connection, HttpAnswer, HttpRequest } from './connection.ts';

/** Each watch holds a connection for minutes, so the bound is well above their number; beyond it, requests wait. */
const MOST_CONNECTIONS = 32;
const MOST_IDLE_CONNECTIONS = 4;

export class Http1Connection implements Connection {
  readonly #server: URL;
  readonly #agent: HttpAgent | HttpsAgent;
  #closed = false;

  constructor(access: Access) {
    this.#server = access.server;
    const options = { keepAlive: true, maxSockets: MOST_CONNECTIONS, maxFreeSockets: MOST_IDLE_CONNECTIONS };
    this.#agent =
      access.server.protocol === 'http:'
        ? new HttpAgent(options)
        : new HttpsAgent({ ...options, ...access.tls, ALPNProtocols: ['http/1.1'] });
  }

  get usable(): boolean {
    return !this.#closed;
  }

  send(request: HttpRequest): Promise<HttpAnswer> {
    const { hostname, port, protocol } = this.#server;
    const start = protocol === 'http:' ? requestHttp : requestHttps;
    return new Promise((resolve, reject) => {
      const sent = start({
        host: hostname.replace(/^\[|\]$/g, ''),
        port,
        method: request.method,
        path: request.path,
        headers: { ...request.headers, host: this.#server.host },
        agent: this.#agent,
        signal: request.signal,
      });
      sent.once('error', (error) => reject(request.signal.aborted ? request.signal.reason : error));
      sent.once('response', (response) => {
        const retryAfter = response.headers['retry-after'];
        resolve({ statusCode: response.statusCode ?? 0, retryAfter, body: bodyOf(response, request.signal) });
      });
      sent.end(request.body);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    // Those in use end with their request, the idle ones now.
    this.#agent.maxFreeSockets = 0;
    for (const sockets of Object.values(this.#agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  destroy(): void {
    this.#closed = true;
    this.#agent.destroy();
  }
}

async function* bodyOf(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response) yield chunk as Uint8Array;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
  if (!response.complete) throw new Error('connection lost in the middle of an answer');
}
