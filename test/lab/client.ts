/** The client behind the router, which reaches the cluster only by the router's routes. */
import { fileURLToPath } from 'node:url';
import { CLIENT_ADDRESS, type DualAddress, type Layout, namespaceOf } from './layout.ts';
import { enterNamespace, inNamespace } from './network.ts';
import type { RunOptions } from './shell.ts';

const AGENT = fileURLToPath(new URL('./client-agent.mjs', import.meta.url));

export type ClientAnswer =
  | { readonly ok: true; readonly status: number; readonly body: string; readonly milliseconds: number }
  /** `ETIMEDOUT` if nothing answered, `ECONNREFUSED`, `EHOSTUNREACH`, … */
  | { readonly ok: false; readonly error: string; readonly milliseconds: number };

export interface GetOptions {
  /** @default 1 */
  readonly count?: number;
  /** @default 4 */
  readonly concurrency?: number;
  /** @default 1000 */
  readonly timeoutMs?: number;
}

export class Client {
  readonly address: DualAddress;
  readonly #namespace: string;

  constructor(layout: Layout, name = 'client', address = CLIENT_ADDRESS) {
    this.address = address;
    this.#namespace = namespaceOf(layout, name);
  }

  /** One HTTP request on a new connection. */
  async get(url: string, options: Pick<GetOptions, 'timeoutMs'> = {}): Promise<ClientAnswer> {
    return (await this.getMany(url, { ...options, count: 1 }))[0]!;
  }

  /** Several HTTP requests, each on a new connection, so that each may take another path. */
  async getMany(url: string, options: GetOptions = {}): Promise<ClientAnswer[]> {
    const { count = 1, concurrency = 4, timeoutMs = 1000 } = options;
    const input = JSON.stringify({ url, count, concurrency, timeoutMs });
    return JSON.parse(await this.exec([process.execPath, AGENT], { input }));
  }

  /** The command that runs `command` with the client's network. */
  enter(command: readonly string[]): [string, ...string[]] {
    return enterNamespace(this.#namespace, command);
  }

  /** Runs a program with the client's network. */
  async exec(command: readonly string[], options?: RunOptions): Promise<string> {
    return inNamespace(this.#namespace, command, options);
  }
}
