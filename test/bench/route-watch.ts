/**
 * Tells the moment a route appears in the router's kernel: `ip monitor route` in its namespace, so by event and not by polling.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Lab } from '../lab/lab.ts';
import { namespaceOf } from '../lab/layout.ts';

export class RouteWatch implements AsyncDisposable {
  readonly #child: ChildProcess;
  /** Address → `performance.now()` when its route was first seen. */
  readonly #seen = new Map<string, number>();
  readonly #waiting = new Map<string, (atMs: number) => void>();

  constructor(lab: Lab) {
    this.#child = spawn('ip', ['-n', namespaceOf(lab.layout, 'router'), 'monitor', 'route'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#read(line));
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
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await exited;
  }

  /** `198.51.100.7 nhid 12 proto bgp metric 20`, or `Deleted 198.51.100.7 …`. */
  #read(line: string): void {
    const now = performance.now();
    const [first = ''] = line.trim().split(/\s+/);
    if (first === '' || first === 'Deleted' || this.#seen.has(first)) return;
    this.#seen.set(first, now);
    this.#waiting.get(first)?.(now);
    this.#waiting.delete(first);
  }
}
