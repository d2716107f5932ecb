/** Watches the addresses that Services publish. Unlike polling, the watch shows an address that was absent for a moment. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { Api } from '../../lab/api.ts';
import { publishedOf } from './expectation.ts';
import type { NamedObject } from './object-ref.ts';

const SERVICES = '/api/v1/services';
const PAUSE_MS = 100;
const CAUGHT_UP_MS = 10_000;

interface Kept {
  readonly key: string;
  readonly addresses: string;
}

export class PublishedHistory {
  readonly #api: Api;
  readonly #stop = new AbortController();
  readonly #now = new Map<string, { readonly version: string; readonly addresses: string }>();
  readonly #kept: Kept[] = [];
  readonly #broken: string[] = [];
  #running: Promise<void> | undefined;

  constructor(api: Api) {
    this.#api = api;
  }

  async start(): Promise<void> {
    const version = await this.#list();
    this.#running = this.#follow(version);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** From now on the addresses that each of these Services publishes stay as they are, at every instant. */
  async keep(refs: readonly NamedObject[]): Promise<void> {
    for (const { path, namespace, name } of refs) {
      const service = await this.#api.get<KubeObject>(path);
      const key = `${namespace}/${name}`;
      await this.#untilSeen(key, service.metadata.resourceVersion ?? '');
      const { addresses } = this.#now.get(key)!;
      if (addresses === '') throw new Error(`Service ${key} publishes nothing that could stay`);
      this.#kept.push({ key, addresses });
    }
  }

  /** The changes of kept addresses, as sentences. */
  broken(): readonly string[] {
    return this.#broken;
  }

  async #untilSeen(key: string, version: string): Promise<void> {
    const deadline = performance.now() + CAUGHT_UP_MS;
    while (BigInt(this.#now.get(key)?.version ?? '0') < BigInt(version)) {
      if (performance.now() > deadline) throw new Error(`the watch of Services did not tell of ${key}`);
      await sleep(PAUSE_MS / 10);
    }
  }

  async #follow(from: string): Promise<void> {
    let version = from;
    while (!this.#stop.signal.aborted) {
      try {
        for await (const { type, object } of this.#api.watch<KubeObject>(SERVICES, version, this.#stop.signal)) {
          if (type === 'ERROR') break;
          version = object.metadata.resourceVersion ?? version;
          if (type !== 'BOOKMARK') this.#note(object, type === 'DELETED');
        }
      } catch {
        // The API server is away, or the scene has ended.
      }
      await sleep(PAUSE_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #list(): Promise<string> {
    const list = await this.#api.get<{ metadata: { resourceVersion: string }; items: KubeObject[] }>(SERVICES);
    for (const service of list.items) this.#note(service, false);
    return list.metadata.resourceVersion;
  }

  #note(service: KubeObject, isDeleted: boolean): void {
    const key = `${service.metadata.namespace}/${service.metadata.name}`;
    const addresses = isDeleted ? 'nothing, being deleted' : publishedOf(service).join(', ');
    this.#now.set(key, { version: service.metadata.resourceVersion ?? '0', addresses });
    for (const kept of this.#kept) {
      if (kept.key === key && kept.addresses !== addresses) {
        this.#broken.push(`Service ${key} had ${kept.addresses} and published ${addresses || 'nothing'}`);
      }
    }
  }
}
