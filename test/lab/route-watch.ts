/**
 * Tells the moment that a route comes into the router's kernel, changes or goes: `ip monitor route` in its namespace, so by event and not by polling.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Lab } from './lab.ts';
import { namespaceOf } from './layout.ts';
import { nextHopsIn, parseRouteEvent, type RouteEvent } from './routes.ts';

/** By `performance.now()`. */
export interface SeenRouteEvent extends RouteEvent {
  readonly atMs: number;
}

export class RouteWatch implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #events: SeenRouteEvent[] = [];
  /** Address → `performance.now()` when its route was first seen. */
  readonly #seen = new Map<string, number>();
  readonly #waiting = new Map<string, (atMs: number) => void>();

  constructor(lab: Lab) {
    this.#child = spawn('ip', ['-n', namespaceOf(lab.layout, 'router'), 'monitor', 'route'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#read(line));
  }

  /** Everything that the kernel told since the start, in its order. @throws {Error} where the watching has ended, so that silence means nothing. */
  get events(): readonly SeenRouteEvent[] {
    if (this.#hasEnded) throw new Error('Cannot tell what became of the routes: `ip monitor` ended before its time');
    return this.#events;
  }

  /** @returns when the route to the address appeared, by `performance.now()`. Rejects after the deadline. */
  async appeared(address: string, deadlineMs: number): Promise<number> {
    const seen = this.#seen.get(address);
    if (seen !== undefined) return seen;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`Cannot see a route to ${address} within ${deadlineMs} ms`)),
        deadlineMs,
      );
      this.#waiting.set(address, (atMs) => {
        clearTimeout(timer);
        resolve(atMs);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #read(line: string): void {
    const atMs = performance.now();
    const event = parseRouteEvent(line);
    if (event) {
      this.#events.push({ ...event, atMs });
      if (!event.deleted) this.#note(event.prefix, atMs);
      return;
    }
    // If there are several next hops, one line for each follows.
    const last = this.#events.pop();
    if (last) this.#events.push({ ...last, nextHops: [...last.nextHops, ...nextHopsIn(line)] });
  }

  #note(prefix: string, atMs: number): void {
    if (this.#seen.has(prefix)) return;
    this.#seen.set(prefix, atMs);
    this.#waiting.get(prefix)?.(atMs);
    this.#waiting.delete(prefix);
  }
}
