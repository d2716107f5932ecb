/**
 * Follows what the Services of a namespace show in `status.loadBalancer`, event by event, so that a status that was emptied for a moment is seen. It takes up
 * again where it was when the API server has been away.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, ApiError } from '../../lab/api.ts';
import { type LabService, publishedOf } from './scene.ts';

export interface SeenStatus {
  /** By `performance.now()`. */
  readonly atMs: number;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly deleted: boolean;
}

interface ServiceList {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly LabService[];
}

const PAUSE_MS = 100;

export class StatusWatch implements AsyncDisposable {
  readonly #api: Api;
  readonly #path: string;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** In the order of the API server's events. */
  readonly seen: SeenStatus[] = [];

  constructor(api: Api, namespace: string) {
    this.#api = api;
    this.#path = `/api/v1/namespaces/${namespace}/services`;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let resourceVersion: string | undefined;
    while (!this.#stop.signal.aborted) {
      try {
        resourceVersion ??= await this.#list();
        for await (const { type, object } of this.#api.watch<LabService>(
          this.#path,
          resourceVersion,
          this.#stop.signal,
        )) {
          if (type === 'ERROR') throw new ApiError('watch', 410, 'the history is gone');
          resourceVersion = object.metadata.resourceVersion!;
          if (type !== 'BOOKMARK') this.#note(object, type === 'DELETED');
        }
      } catch (error) {
        if (error instanceof ApiError && error.status === 410) resourceVersion = undefined;
        await sleep(PAUSE_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }

  async #list(): Promise<string> {
    const list = await this.#api.get<ServiceList>(this.#path);
    for (const service of list.items) this.#note(service, false);
    return list.metadata.resourceVersion;
  }

  #note(service: LabService, deleted: boolean): void {
    const atMs = performance.now();
    this.seen.push({ atMs, name: service.metadata.name, addresses: publishedOf(service), deleted });
  }
}
