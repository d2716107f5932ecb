/**
 * A client of the cluster's API for the lab and its tests. It sends plain requests and returns the whole answer, with warnings.
 *
 * It is deliberately not Skycap's own client (lib/kube), since the tests check that client.
 */
import { Agent, request } from 'undici';

export interface ApiAnswer<T> {
  readonly status: number;
  readonly body: T;
  /** The text of each `Warning` header, which kubectl prints in yellow. */
  readonly warnings: readonly string[];
}

export interface ApiOptions {
  readonly server: string;
  readonly caPem: string;
  readonly token: string;
}

export interface ApiEvent<T> {
  /** `ERROR` comes with a Status as its object. */
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Thrown for an answer that is not 2xx. `status` is the HTTP status, the message is the API server's own. */
export class ApiError extends Error {
  readonly status: number;

  constructor(what: string, status: number, message: string) {
    super(`Cannot ${what}: ${status} ${message}`);
    this.name = 'ApiError';
    this.status = status;
  }
}

export class Api implements AsyncDisposable {
  readonly #options: ApiOptions;
  readonly #agent: Agent;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#agent = new Agent({
      connect: { ca: options.caPem },
      connections: 32,
      headersTimeout: 30_000,
      connectTimeout: 3_000,
    });
  }

  get<T = unknown>(path: string): Promise<T> {
    return this.send<T>('GET', path).then((answer) => answer.body);
  }

  create<T = unknown>(path: string, body: object): Promise<ApiAnswer<T>> {
    return this.send<T>('POST', path, body);
  }

  replace<T = unknown>(path: string, body: object): Promise<ApiAnswer<T>> {
    return this.send<T>('PUT', path, body);
  }

  /** A merge patch (RFC 7386). */
  patch<T = unknown>(path: string, body: object): Promise<ApiAnswer<T>> {
    return this.send<T>('PATCH', path, body, 'application/merge-patch+json');
  }

  delete(path: string): Promise<ApiAnswer<unknown>> {
    return this.send('DELETE', path);
  }

  /** @throws {ApiError} unless the answer is 2xx. */
  async send<T>(method: Method, path: string, body?: object, type = 'application/json'): Promise<ApiAnswer<T>> {
    const response = await request(`${this.#options.server}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${this.#options.token}`, accept: 'application/json', 'content-type': type },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.body.text();
    const parsed = text.startsWith('{') ? JSON.parse(text) : text;
    if (response.statusCode >= 300) {
      throw new ApiError(`${method} ${path}`, response.statusCode, parsed.message ?? text);
    }
    return { status: response.statusCode, body: parsed, warnings: warningsIn(response.headers.warning) };
  }

  /**
   * The events of a collection from a resourceVersion on, until the API server or the network ends it.
   *
   * @throws {ApiError} unless the answer is 200.
   */
  async *watch<T>(path: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<ApiEvent<T>> {
    const query = new URLSearchParams({ watch: 'true', allowWatchBookmarks: 'true', resourceVersion });
    const response = await request(`${this.#options.server}${path}?${query}`, {
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${this.#options.token}`, accept: 'application/json' },
      bodyTimeout: 0,
      signal,
    });
    if (response.statusCode !== 200) {
      throw new ApiError(`watch ${path}`, response.statusCode, await response.body.text());
    }
    const decoder = new TextDecoder();
    let rest = '';
    for await (const bytes of response.body) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop()!;
      for (const line of lines) yield JSON.parse(line);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#agent.destroyed) await this.#agent.destroy();
  }
}

/** The quoted texts of `299 - "text"` (RFC 7234 §5.5). */
export function warningsIn(header: string | string[] | undefined): string[] {
  const headers = header === undefined ? [] : [header].flat();
  return headers.flatMap((line) =>
    [...line.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]!.replace(/\\(.)/g, '$1')),
  );
}
