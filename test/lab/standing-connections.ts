/** Connections of the client behind the router that stay open, with bytes in both directions all the time, so that a test can tell whether one broke or fell silent. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Client } from './client.ts';

const PROGRAM = fileURLToPath(new URL('./standing-connections.mjs', import.meta.url));

export interface StandingSums {
  /** Connections that ended before they were told to. */
  readonly broken: readonly { readonly atMs: number; readonly error: string }[];
  /** Received. */
  readonly bytes: number;
  /** The longest time for which a connection received nothing. */
  readonly longestSilenceMs: number;
}

export interface StandingOptions {
  readonly host: string;
  /** Each has a port of its own, so that they take all paths. */
  readonly count: number;
  /** Between two requests on a connection. @default 20 */
  readonly everyMs?: number;
}

type Line = { readonly ready: true } | StandingSums;

export class StandingConnections implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #ready = Promise.withResolvers<void>();
  #sums: StandingSums | undefined;

  private constructor(client: Client, { host, count, everyMs = 20 }: StandingOptions) {
    const job = JSON.stringify({ host, count, everyMs });
    const [program, ...args] = client.enter([process.execPath, PROGRAM, job]);
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin!.on('error', () => {});
    const lines = createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#read(JSON.parse(line)));
    this.#closed = once(lines, 'close').then(() => {
      this.#ready.reject(new Error('Cannot open connections: the program ended before its time'));
    });
    this.#ready.promise.catch(() => {});
  }

  /** Resolves when each connection has had an answer. */
  static async open(client: Client, options: StandingOptions): Promise<StandingConnections> {
    const connections = new StandingConnections(client, options);
    await connections.#ready.promise;
    return connections;
  }

  /** Closes the connections. @returns their sums. */
  async end(): Promise<StandingSums> {
    this.#child.stdin!.end();
    await this.#closed;
    if (!this.#sums) throw new Error('Cannot tell what became of the connections: their program ended before its time');
    return this.#sums;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #read(line: Line): void {
    if ('ready' in line) this.#ready.resolve();
    else this.#sums = line;
  }
}
