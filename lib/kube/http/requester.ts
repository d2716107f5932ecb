/** Sends a request with its deadline, repetitions and metrics, and turns failures into the errors of `errors.ts`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { Deadline } from '../deadline.ts';
import { KubeError, KubeUnreachableError } from '../errors.ts';
import { errorFieldsFor } from '../status.ts';
import type { HttpAnswer, HttpRequest } from '../transport/connection.ts';
import type { Transport } from '../transport/transport.ts';
import { createRequestMetrics, type RequestMetrics } from './request-metrics.ts';
import { decideRetry, type Failure, type Verb } from './retry.ts';

export interface RequesterOptions {
  /** Sent as User-Agent `skycap/<component>`; the API server's audit log shows it. */
  readonly component: string;
  /** Without it, no request is counted. */
  readonly registry?: Registry;
  /** @default 30 s for a request with its repeats, and until a watch is accepted. */
  readonly requestTimeoutMs?: number;
}

export interface Call {
  readonly verb: Verb;
  readonly method: HttpRequest['method'];
  readonly resource: string;
  /** For error messages: `create eipclaims "192.0.2.7"`. */
  readonly action: string;
  readonly path: string;
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
  /** @default application/json */
  readonly accept?: string;
  readonly signal: AbortSignal | undefined;
  /** See {@link WriteOptions}. */
  readonly beforeSend?: (() => void) | undefined;
}

/** The API server waits up to 30 s for a webhook of the cluster, and then says which one did not answer. */
export const REQUEST_TIMEOUT_MS = 35_000;
/** A page of 500 objects of 100 kB each. */
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;

export class Requester {
  readonly #transport: Transport;
  readonly #userAgent: string;
  readonly #timeoutMs: number;
  readonly #metrics: RequestMetrics;

  constructor(transport: Transport, options: RequesterOptions) {
    this.#transport = transport;
    this.#userAgent = `skycap/${options.component}`;
    this.#timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.#metrics = createRequestMetrics(options.registry);
  }

  /**
   * @returns the answer's JSON.
   * @throws {KubeError} or {KubeUnreachableError}; the reason of the signal if it ended the request.
   */
  call<T>(call: Call): Promise<T> {
    return this.#read(call, (text) => JSON.parse(text) as T);
  }

  /** @throws as {@link call}. */
  text(call: Call): Promise<string> {
    return this.#read(call, (text) => text);
  }

  async #read<T>(call: Call, parse: (text: string) => T): Promise<T> {
    const deadline = new Deadline(this.#timeoutMs, call.signal);
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return parse(await textOf(await this.#send(call, deadline.signal)));
        } catch (error) {
          const delayMs = this.#delayBeforeRepeat(call, error, attempt, deadline.signal);
          if (delayMs === undefined) throw error;
          await sleep(delayMs, undefined, { signal: deadline.signal });
        }
      }
    } catch (error) {
      throw errorFor(call, error, deadline.signal);
    } finally {
      deadline.dispose();
    }
  }

  /** @returns the answer's bytes as they arrive. */
  async stream(call: Call): Promise<AsyncIterable<Uint8Array>> {
    const deadline = new Deadline(this.#timeoutMs, call.signal);
    try {
      const answer = await this.#send(call, deadline.signal);
      deadline.disarm();
      return streamOf(call, answer, deadline);
    } catch (error) {
      deadline.dispose();
      throw errorFor(call, error, deadline.signal);
    }
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  /** @throws {KubeError} for every answer but success. */
  async #send(call: Call, signal: AbortSignal): Promise<HttpAnswer> {
    const startedMs = performance.now();
    const observe = (code: number | 'unreachable'): void =>
      this.#metrics.observe(call.verb, call.resource, code, (performance.now() - startedMs) / 1000);
    const answer = await this.#transport.send(this.#requestFor(call, signal)).catch((error: unknown) => {
      observe('unreachable');
      throw error;
    });
    observe(answer.statusCode);
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    throw new KubeError(call.action, errorFieldsFor(answer.statusCode, await textOf(answer), answer.retryAfter));
  }

  #requestFor(call: Call, signal: AbortSignal): HttpRequest {
    const headers = { accept: call.accept ?? 'application/json', 'user-agent': this.#userAgent };
    const { method, path, beforeSend } = call;
    if (call.body === undefined) return { method, path, signal, headers, beforeSend };
    const contentType = call.contentType ?? 'application/json';
    return {
      method,
      path,
      signal,
      headers: { ...headers, 'content-type': contentType },
      body: JSON.stringify(call.body),
      beforeSend,
    };
  }

  #delayBeforeRepeat(call: Call, error: unknown, attempt: number, signal: AbortSignal): number | undefined {
    if (signal.aborted) return undefined;
    const failure = failureOf(error);
    if (failure.kind === 'refused' && failure.statusCode === 401 && attempt === 1) {
      // The token may just have been rotated.
      void this.#transport.refreshAccess().catch(() => {});
      return 0;
    }
    const decision = decideRetry(call.verb, failure, attempt, Math.random());
    return decision.retry ? decision.delayMs : undefined;
  }
}

function failureOf(error: unknown): Failure {
  return error instanceof KubeError
    ? { kind: 'refused', statusCode: error.statusCode, retryAfterSeconds: error.retryAfterSeconds }
    : { kind: 'unreachable' };
}

function errorFor(call: Call, error: unknown, signal: AbortSignal): unknown {
  // The caller's signal has its own reason; the deadline means that no answer came.
  if (call.signal?.aborted) return call.signal.reason;
  if (error instanceof KubeError) return error;
  return new KubeUnreachableError(call.action, signal.aborted ? signal.reason : error);
}

async function* streamOf(call: Call, answer: HttpAnswer, deadline: Deadline): AsyncGenerator<Uint8Array> {
  try {
    yield* answer.body;
  } catch (error) {
    throw errorFor(call, error, deadline.signal);
  } finally {
    deadline.dispose();
  }
}

async function textOf(answer: HttpAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes > LARGEST_ANSWER_BYTES) throw new Error(`the answer is longer than ${LARGEST_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString('utf8');
}
