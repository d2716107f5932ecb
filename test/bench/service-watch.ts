/** Tells the moment a Service's status shows an address, by a watch as a client of the API server would have it. */
import type { Service } from '../../lib/api/service/service.ts';
import type { HttpKubeClient } from '../../lib/kube/http/http-client.ts';
import { SERVICES } from '../../lib/kube/resource.ts';

/** Longer than a run of all rows. */
const WATCH_SECONDS = 14_400;

export class ServiceWatch implements AsyncDisposable {
  /** Name → `performance.now()` when the status first had an address, and which. */
  readonly #published = new Map<string, { readonly atMs: number; readonly address: string }>();
  readonly #waiting = new Set<() => void>();
  readonly #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  static async start(client: HttpKubeClient, namespace: string): Promise<ServiceWatch> {
    const watch = new ServiceWatch();
    const { resourceVersion } = await client.list(SERVICES, { namespace, limit: 1 });
    const options = { namespace, resourceVersion, timeoutSeconds: WATCH_SECONDS, signal: watch.#stop.signal };
    const events = await client.watch(SERVICES, options);
    watch.#ended = watch.#follow(events);
    return watch;
  }

  /** @returns when the last of them was published. Rejects after the deadline. */
  async published(names: readonly string[], deadlineMs: number): Promise<number> {
    let index = 0;
    const holds = () => {
      while (index < names.length && this.#published.has(names[index]!)) index++;
      return index === names.length;
    };
    if (!holds())
      await this.#until(holds, deadlineMs, () => `${names.length - index} of ${names.length} Services published`);
    return names.reduce((latest, name) => Math.max(latest, this.#published.get(name)!.atMs), 0);
  }

  /** Of Services that are published. */
  addressesOf(names: readonly string[]): string[] {
    return names.map((name) => this.#published.get(name)!.address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the benchmark ends it'));
    await this.#ended.catch(() => undefined);
  }

  #until(holds: () => boolean, deadlineMs: number, what: () => string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Cannot see ${what()} within ${deadlineMs} ms`)), deadlineMs);
      const look = () => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  async #follow(events: Awaited<ReturnType<HttpKubeClient['watch']>>): Promise<void> {
    for await (const event of events) {
      const atMs = performance.now();
      if (event.type === 'bookmark') continue;
      const { metadata, status } = event.object as Service;
      const name = metadata.name!;
      const address = status?.loadBalancer?.ingress?.[0]?.ip;
      if (event.type === 'deleted') this.#published.delete(name);
      else if (address && !this.#published.has(name)) this.#published.set(name, { atMs, address });
      for (const look of [...this.#waiting]) look();
    }
  }
}
