/**
 * HTTPS for the app. A renewed certificate is taken into use in place: connections stay, new handshakes see the new one.
 */
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TlsContent } from './tls/tls-content.ts';

/**
 * The API server keeps idle connections for 90 s (Go's default). We keep them longer, so that it is always the API server that closes one, and
 * none of its requests meets a connection that is being closed here.
 */
const KEEP_ALIVE_MS = 120_000;
/** A review arrives in one go; who sends slower is no API server. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Nobody has asked for so long: of the connections that are left, none is the next that the API server would take. */
const QUIET_MS = 1_000;
const LONGEST_UNTIL_QUIET_MS = 5_000;
/** The deadline of a review, with a little to spare. */
const LAST_ANSWERS_MS = 3_000;

export interface ServeOptions {
  readonly app: RequestListener;
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

  /** Before the first certificate every handshake fails, which is what a probe is to see. @returns the port. */
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
   * Goes on serving for a while, so that nobody is sent to a closed port, and then until nobody asks any more; then closes, letting what is under way end. Every
   * answer meanwhile is the last on its connection: the API server does not repeat a request that meets the end of one. It keeps many, and takes the one that it used
   * last, so it comes to those that still lead here one after another for as long as reviews are many.
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
