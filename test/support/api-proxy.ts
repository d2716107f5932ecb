/**
 * A proxy in front of the API server that speaks HTTP and answers for it where a test says so: 500 and 429, 410 as a status or as an ERROR event, a watch that
 * ends at once. It terminates TLS with a certificate of the cluster's CA and counts the requests that pass.
 */

import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { request as requestApi } from 'node:https';
import type { ControlPlane } from './control-plane.ts';
import { freePorts } from './free-port.ts';

export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly isWatch: boolean;
}

/** What to do with a request; undefined lets it pass. */
export type Fault =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** 200, these lines, and the end. */
  | { readonly lines: readonly unknown[] };

export type FaultRule = (request: SeenRequest) => Fault | undefined;

export class ApiProxy implements AsyncDisposable {
  readonly #plane: ControlPlane;
  readonly #server: Http2SecureServer;
  readonly #port: number;
  readonly #sessions = new Set<{ destroy(): void }>();
  /** Every request that came, whatever became of it. */
  readonly seen: SeenRequest[] = [];
  /** May be changed at any time. */
  rule: FaultRule = () => undefined;

  private constructor(plane: ControlPlane, server: Http2SecureServer, port: number) {
    this.#plane = plane;
    this.#server = server;
    this.#port = port;
  }

  /** @param options.http1Only offers no HTTP/2, as some proxies do not. */
  static async start(plane: ControlPlane, options: { readonly http1Only?: boolean } = {}): Promise<ApiProxy> {
    const [port] = await freePorts(1);
    const certificate = await plane.issue('api-proxy');
    const server = createSecureServer({
      ...certificate,
      allowHTTP1: true,
      ...(options.http1Only && { ALPNProtocols: ['http/1.1'] }),
    });
    const proxy = new ApiProxy(plane, server, port!);
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
    return `https://127.0.0.1:${this.#port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const session of this.#sessions) session.destroy();
  }

  #handle(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const path = request.url;
    const isWatch = new URL(path, this.url).searchParams.get('watch') === 'true';
    const seen = { method: request.method, path, isWatch };
    this.seen.push(seen);
    const fault = this.rule(seen);
    if (fault) answerFault(response, fault);
    else this.#forward(request, response);
  }

  #forward(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => !/^:|^connection$|^host$/.test(name)),
    );
    const { hostname, port } = new URL(this.#plane.url);
    const forwarded = requestApi(
      { hostname, port, method: request.method, path: request.url, headers, ca: this.#plane.caPem },
      (answer) => {
        const retryAfter = answer.headers['retry-after'];
        response.writeHead(answer.statusCode ?? 502, {
          'content-type': answer.headers['content-type'] ?? 'application/json',
          ...(retryAfter && { 'retry-after': retryAfter }),
        });
        // Lets a client see that its watch was accepted, though nothing has come yet.
        if ('flushHeaders' in response) (response as { flushHeaders(): void }).flushHeaders();
        answer.on('data', (bytes) => response.write(bytes));
        answer.once('end', () => response.end());
        answer.once('error', () => response.stream?.destroy());
      },
    );
    forwarded.once('error', () =>
      response.headersSent ? response.stream?.destroy() : answerFault(response, { status: 502 }),
    );
    response.once('close', () => forwarded.destroy());
    request.pipe(forwarded);
  }
}

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
