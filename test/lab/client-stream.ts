/** A client behind the router that connects to Services at a steady rate, so that a test can measure when and how long they were out of reach. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Client } from './client.ts';

const PROGRAM = fileURLToPath(new URL('./client-stream.mjs', import.meta.url));

export interface ClientFailure {
  readonly url: string;
  /** When the request started, by `Date.now()`. */
  readonly atMs: number;
  /** `ETIMEDOUT` if nothing answered, `EHOSTUNREACH` without a route, `status 500`, … */
  readonly error: string;
  /** Whether the connection was established and the request on it was lost, because another node or pod took over. */
  readonly connected: boolean;
  readonly milliseconds: number;
}

export interface ClientStreamSums {
  readonly answered: number;
  readonly slowestMs: number;
  readonly failures: readonly ClientFailure[];
}

export interface ClientStreamOptions {
  readonly urls: readonly string[];
  /** Between two requests to the same URL. @default 100 */
  readonly everyMs?: number;
  /** Long, since backends are slow on a busy machine, and a slow answer is not a lost one. @default 10000 */
  readonly timeoutMs?: number;
}

type Line = { readonly failure: ClientFailure } | { readonly answered: number; readonly slowestMs: number };

export class ClientStream implements AsyncDisposable {
  readonly #child: ChildProcess;
  /** Resolves at the end of the client's output. */
  readonly #closed: Promise<unknown>;
  readonly #failures: ClientFailure[] = [];
  #sums: { readonly answered: number; readonly slowestMs: number } | undefined;

  constructor(client: Client, { urls, everyMs = 100, timeoutMs = 10_000 }: ClientStreamOptions) {
    const job = JSON.stringify({ urls, everyMs, timeoutMs });
    const [program, ...args] = client.enter([process.execPath, PROGRAM, job]);
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin!.on('error', () => {});
    const lines = createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#read(JSON.parse(line)));
    this.#closed = once(lines, 'close');
  }

  /** Waits for the answers that are still due. @returns the sums of all requests. */
  async end(): Promise<ClientStreamSums> {
    this.#child.stdin!.end();
    await this.#closed;
    if (!this.#sums) throw new Error('Cannot tell what the client reached: its program ended before its time');
    return { ...this.#sums, failures: this.#failures };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #read(line: Line): void {
    if ('failure' in line) this.#failures.push(line.failure);
    else this.#sums = line;
  }
}
