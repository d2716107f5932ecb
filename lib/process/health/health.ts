/**
 * `/healthz`, `/readyz` and `/metrics`. The handler is separate from the server, so that the webhook serves it on its own port.
 *
 * Healthy: the process answers. A restart helps only a process that does not answer, and costs any other its caches. Ready: the component does its work.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { type Checks, evaluate } from './check.ts';

// By `require`: to import node:http as an ES module reads all its exports, and one of them (WebSocket) loads Node's own undici, 3 to 13 MB.
const { createServer }: typeof import('node:http') = createRequire(import.meta.url)('node:http');

export interface HealthOptions {
  readonly registry: Registry;
  /** The conditions for readiness. */
  readonly ready: Checks;
  /** The bearer token for `/metrics`. Empty: the metrics are open. */
  readonly metricsToken?: string;
}

export interface HealthServer {
  /** The address of the server, with the actual port. */
  readonly address: string;
  close(): Promise<void>;
}

/** @returns false for another path; nothing is written then. */
export type HealthHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Probes are small. A slower client is no probe. */
const REQUEST_TIMEOUT_MS = 10_000;

export function healthHandler(options: HealthOptions): HealthHandler {
  const { registry, ready, metricsToken = '' } = options;
  const answers: Readonly<Record<string, (response: ServerResponse, request: IncomingMessage) => void>> = {
    '/healthz': (response) => send(response, 200, 'ok\n'),
    '/readyz': (response) => answerChecks(response, ready),
    '/metrics': (response, { headers }) => {
      if (metricsToken === '' || isBearer(headers.authorization, metricsToken)) void answerMetrics(response, registry);
      else send(response, 401, 'the metrics need the token of the Secret skycap-metrics, as a bearer token\n');
    },
  };
  return (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
    if (!answer) return false;
    if (request.method === 'GET' || request.method === 'HEAD') answer(response, request);
    else send(response, 405, 'only GET is allowed here\n');
    return true;
  };
}

/** @param options.address `host:port`, `[host]:port` or `:port`; port 0 takes a free one. */
export async function serveHealth(options: HealthOptions & { readonly address: string }): Promise<HealthServer> {
  const handle = healthHandler(options);
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    if (!handle(request, response)) send(response, 404, 'there is /healthz, /readyz and /metrics\n');
  });
  const { host, port } = splitAddress(options.address);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new Error(`Cannot serve health on "${options.address}": ${cause.message}`, { cause }));
    });
    server.listen({ port, ...(host && { host }) }, resolve);
  });
  const bound = server.address() as AddressInfo;
  return {
    address: bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @throws {SyntaxError} for other text. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new SyntaxError(`Cannot read "${address}" as host:port; write one such as 127.0.0.1:7980 or [::1]:7980`);
  }
  return { host: match[1] ?? match[2] ?? '', port };
}

/** In constant time: the digests have one length. */
function isBearer(authorization: string | undefined, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`));
}

function answerChecks(response: ServerResponse, checks: Checks): void {
  const { ok, text } = evaluate(checks);
  send(response, ok ? 200 : 503, text || 'ok\n');
}

async function answerMetrics(response: ServerResponse, registry: Registry): Promise<void> {
  try {
    send(response, 200, await registry.metrics(), registry.contentType);
  } catch (error) {
    send(response, 500, `Cannot collect the metrics: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function send(response: ServerResponse, statusCode: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(statusCode, { 'content-type': type, 'x-content-type-options': 'nosniff' });
  response.end(text);
}
