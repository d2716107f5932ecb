/**
 * A proxy in front of an API server that speaks HTTP and answers for it where a test says so: 500 and 429, 410 as a status or as an ERROR event, a watch that
 * ends at once, or one that goes on and says nothing. It terminates TLS with a certificate of the cluster's CA and counts the requests that pass.
 */
import {
  type ClientHttp2Session,
  connect,
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { freePorts } from './free-port.ts';
import type { PemPair } from './pki.ts';

export interface ProxiedServer {
  readonly url: string;
  readonly caPem: string;
}

/** The Status of a list or watch from a resourceVersion that etcd has compacted away. */
export const EXPIRED = {
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  reason: 'Expired',
  message: 'too old resource version',
  code: 410,
};

export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly isWatch: boolean;
  /** `skycap/speaker` and the like. */
  readonly userAgent: string;
}

/** The fault for a request; undefined lets it pass. */
export type Fault =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** 200, these lines, and the end. */
  | { readonly lines: readonly unknown[] };

export type FaultRule = (request: SeenRequest) => Fault | undefined;

export class ApiProxy implements AsyncDisposable {
  readonly #target: ProxiedServer;
  readonly #server: Http2SecureServer;
  readonly #sessions = new Set<{ destroy(): void }>();
  readonly #watches = new Map<Http2ServerResponse, SeenRequest>();
  #upstream: ClientHttp2Session | undefined;
  readonly port: number;
  /** Every request that came, whatever became of it. */
  readonly seen: SeenRequest[] = [];
  /** May be changed at any time. */
  rule: FaultRule = () => undefined;
  /** Watches that stay open and say nothing any more, for as long as this is true of them. */
  isStuck: (watch: SeenRequest) => boolean = () => false;

  private constructor(target: ProxiedServer, server: Http2SecureServer, port: number) {
    this.#target = target;
    this.#server = server;
    this.port = port;
  }

  /**
   * @param certificate for the names by which clients come.
   * @param options.http1Only offers no HTTP/2, as some proxies do not.
   */
  static async start(
    target: ProxiedServer,
    certificate: PemPair,
    options: { readonly http1Only?: boolean } = {},
  ): Promise<ApiProxy> {
    const [port] = await freePorts(1);
    const server = createSecureServer({
      ...certificate,
      allowHTTP1: true,
      ...(options.http1Only && { ALPNProtocols: ['http/1.1'] }),
    });
    const proxy = new ApiProxy(target, server, port!);
    server.on('request', (request, response) => proxy.#handle(request, response));
    server.on('secureConnection', (socket) => {
      proxy.#sessions.add(socket);
      socket.once('close', () => proxy.#sessions.delete(socket));
    });
    server.on('sessionError', () => {});
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** Shows another certificate from now on, and ends every connection, so that each client sees it. */
  present(certificate: PemPair): void {
    this.#server.setSecureContext(certificate);
    this.reset();
  }

  /** Ends every connection. */
  reset(): void {
    for (const session of this.#sessions) session.destroy();
  }

  /** Breaks off the watches that are open, and not the connections that they are on. */
  breakWatches(which: (watch: SeenRequest) => boolean = () => true): void {
    for (const [response, seen] of this.#watches) if (which(seen)) response.stream?.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.reset();
    this.#upstream?.destroy();
  }

  #handle(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const path = request.url;
    const isWatch = new URL(path, this.url).searchParams.get('watch') === 'true';
    const seen = { method: request.method, path, isWatch, userAgent: String(request.headers['user-agent'] ?? '') };
    this.seen.push(seen);
    const fault = this.rule(seen);
    if (fault) answerFault(response, fault);
    else this.#forward(request, response, seen);
  }

  /** All that passes shares one, as a client's requests do; made anew after it broke. */
  #connection(): ClientHttp2Session {
    if (this.#upstream && !this.#upstream.closed && !this.#upstream.destroyed) return this.#upstream;
    const connection = connect(this.#target.url, { ca: this.#target.caPem });
    // Each request learns of it by itself.
    connection.on('error', () => {});
    connection.once('goaway', () => connection.close());
    this.#upstream = connection;
    return connection;
  }

  #forward(request: Http2ServerRequest, response: Http2ServerResponse, seen: SeenRequest): void {
    const isStuck = (): boolean => seen.isWatch && this.isStuck(seen);
    if (seen.isWatch) this.#watches.set(response, seen);
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !NOT_FORWARDED.test(name)));
    const forwarded = this.#connection().request({
      ...headers,
      ':method': request.method,
      ':path': request.url,
    });
    forwarded.once('response', (answer) => {
      const retryAfter = answer['retry-after'];
      response.writeHead(answer[':status'] ?? 502, {
        'content-type': answer['content-type'] ?? 'application/json',
        ...(retryAfter && { 'retry-after': retryAfter }),
      });
      // Lets a client see that its watch was accepted, though nothing has come yet.
      if ('flushHeaders' in response) (response as { flushHeaders(): void }).flushHeaders();
      forwarded.on('data', (bytes) => isStuck() || response.write(bytes));
    });
    forwarded.once('error', () => {
      if (isStuck()) return;
      if (response.headersSent) response.stream?.destroy();
      else answerFault(response, { status: 502 });
    });
    forwarded.once('end', () => isStuck() || response.end());
    response.once('close', () => {
      this.#watches.delete(response);
      forwarded.destroy();
    });
    request.pipe(forwarded);
  }
}

/** Headers that HTTP/2 has in frames, or forbids. */
const NOT_FORWARDED = /^:|^connection$|^host$|^transfer-encoding$/;

function answerFault(response: Http2ServerResponse, fault: Fault): void {
  if ('lines' in fault) {
    response.writeHead(200, { 'content-type': 'application/json' });
    for (const line of fault.lines) response.write(`${JSON.stringify(line)}\n`);
    response.end();
    return;
  }
  response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
  response.end(fault.body === undefined ? '' : JSON.stringify(fault.body));
}
