/** One connection (or a small pool) to the API server, whichever HTTP version it speaks. `http2-connection.ts` and `http1-connection.ts` are the two. */

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request, and the reading of its answer. */
  readonly signal: AbortSignal;
  /** Throws if the request must not be sent any more; the {@link Transport} calls it. */
  readonly beforeSend?: (() => void) | undefined;
}

export interface HttpAnswer {
  readonly statusCode: number;
  readonly retryAfter: string | undefined;
  /** Throws when the answer breaks off. Must be read to its end or be returned from early; either frees the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Connection {
  /** False once it takes no more requests: closed, broken, or asked to go away. */
  readonly usable: boolean;
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Takes no more requests; resolves when the requests under way have ended. */
  close(): Promise<void>;
  /** Ends everything at once. */
  destroy(): void;
}

/** The request never left this side, so any of them may be sent again. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
}
