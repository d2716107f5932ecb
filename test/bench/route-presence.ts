/**
 * Tells since when each route is in a router's kernel, for tens of thousands of them that come and go: where the lab's `RouteWatch` keeps every
 * event, this keeps what there is. Of an equal-cost route the first next hop counts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseRouteEvent } from '../lab/routes.ts';

/** For ten thousand routes that come or go at once: the kernel drops what does not fit. */
const RECEIVE_BUFFER = String(32 * 1024 * 1024);

export class RoutePresence implements AsyncDisposable {
  readonly #child: ChildProcess;
  /** Address → `performance.now()` when its route was first seen since it was gone. */
  readonly #present = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #goneAt = new Map<string, number>();

  readonly #isCounted: (prefix: string) => boolean;

  /** @param isCounted which prefixes count; the rest of what the router knows is nobody's concern here. */
  constructor(namespace: string, isCounted: (prefix: string) => boolean) {
    this.#isCounted = isCounted;
    const args = ['-rcvbuf', RECEIVE_BUFFER, '-n', namespace, 'monitor', 'route'];
    this.#child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#read(line));
  }

  /** @returns when the route appeared, by `performance.now()`. Rejects after the deadline. */
  async appeared(address: string, deadlineMs: number): Promise<number> {
    await this.#until(
      () => this.#present.has(address),
      deadlineMs,
      () => `a route to ${address}`,
    );
    return this.#present.get(address)!;
  }

  /** @returns when the last of them appeared. */
  async allAppeared(addresses: readonly string[], deadlineMs: number): Promise<number> {
    // Each is looked at once: at 10,000 addresses to look at all for every line would be what is measured.
    let index = 0;
    const rest = () => {
      while (index < addresses.length && this.#present.has(addresses[index]!)) index++;
      return index === addresses.length;
    };
    await this.#until(
      rest,
      deadlineMs,
      () => `the routes to ${addresses.length} addresses; ${this.#present.size} are there`,
    );
    return addresses.reduce((latest, address) => Math.max(latest, this.#present.get(address)!), 0);
  }

  /** @returns when the route went. */
  async gone(address: string, deadlineMs: number): Promise<number> {
    await this.#until(
      () => !this.#present.has(address),
      deadlineMs,
      () => `the route to ${address} gone`,
    );
    return this.#goneAt.get(address) ?? performance.now();
  }

  /** Resolves when there are no more routes than this. */
  async atMost(count: number, deadlineMs: number): Promise<void> {
    await this.#until(
      () => this.#present.size <= count,
      deadlineMs,
      () => `at most ${count} routes; ${this.#present.size} are there`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await exited;
  }

  #until(holds: () => boolean, deadlineMs: number, what: () => string): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`Cannot see ${what()} within ${deadlineMs} ms`));
      }, deadlineMs);
      const look = () => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  #read(line: string): void {
    const now = performance.now();
    const event = parseRouteEvent(line);
    if (!event || !this.#isCounted(event.prefix)) return;
    const { prefix, deleted } = event;
    if (deleted) {
      if (this.#present.delete(prefix)) this.#goneAt.set(prefix, now);
    } else if (!this.#present.has(prefix)) this.#present.set(prefix, now);
    else return;
    for (const look of [...this.#waiting]) look();
  }
}
