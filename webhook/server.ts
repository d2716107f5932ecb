/** HTTPS for the app. A renewed certificate is taken into use in place: connections stay, and new handshakes use the new certificate. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Express } from 'express';
import type { TlsContent } from './tls/tls-content.ts';

/**
 * The API server keeps idle connections for 90 s (Go's default). The webhook keeps them longer, so that the API server always closes first, and
 * sends no request on a connection that the webhook is closing.
 */
const KEEP_ALIVE_MS = 120_000;
/** The API server sends a review at once. A slower client is no API server. */
const REQUEST_TIMEOUT_MS = 10_000;

/** After this time without a review, the API server uses none of the remaining connections. */
const QUIET_MS = 1_000;
const LONGEST_UNTIL_QUIET_MS = 5_000;
/** The deadline of a review, with a little to spare. */
const LAST_ANSWERS_MS = 3_000;

export interface ServeOptions {
  readonly app: Express;
  readonly host: string;
  readonly port: number;
}

export class WebhookServer {
  readonly #server: Server;
  readonly #options: ServeOptions;
  #isDraining = false;
  #lastReviewMs = Number.NEGATIVE_INFINITY;

  constructor(options: ServeOptions) {
    this.#options = options;
    this.#server = createServer(
      {
        minVersion: 'TLSv1.2',
        ALPNProtocols: ['http/1.1'],
        keepAliveTimeout: KEEP_ALIVE_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        noDelay: true,
      },
      (request, response) => {
        if (this.#isDraining) response.setHeader('connection', 'close');
        if (request.method === 'POST') this.#lastReviewMs = performance.now();
        options.app(request, response);
      },
    );
  }

  setCertificate({ certificate, key }: Pick<TlsContent, 'certificate' | 'key'>): void {
    this.#server.setSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' });
  }

  /** Before the first certificate every handshake fails, and with it the readiness probe. @returns the port. */
  async listen(): Promise<number> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => {
        reject(new Error(`Cannot serve on "${host}:${port}": ${cause.message}`, { cause }));
      });
      this.#server.listen({ port, ...(host && { host }) }, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * Serves for `ms`, so that no client is sent to a closed port, then until no review has come for a while; then closes, and lets reviews under way end. Each
   * answer meanwhile is the last on its connection, since the API server does not repeat a request that meets a closed connection. The API server keeps many
   * connections and prefers the one used last, so it reaches the others only while reviews are frequent.
   */
  async drain(ms: number): Promise<void> {
    this.#isDraining = true;
    await sleep(ms);
    await this.#untilQuiet();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    await Promise.race([closed, sleep(LAST_ANSWERS_MS, undefined, { ref: false })]);
    this.#server.closeAllConnections();
  }

  async #untilQuiet(): Promise<void> {
    const latestMs = performance.now() + LONGEST_UNTIL_QUIET_MS;
    for (;;) {
      const endsMs = Math.min(this.#lastReviewMs + QUIET_MS, latestMs);
      const leftMs = endsMs - performance.now();
      if (leftMs <= 0) return;
      await sleep(leftMs);
    }
  }
}
