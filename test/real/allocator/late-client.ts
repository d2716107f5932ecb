/**
 * A leader's client at its worst: it does not check the Lease, and it delays requests. In reality, a process is paused with requests on their way, an API server keeps
 * them while its etcd does not answer, and each watch delivers at its own time.
 */
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type {
  DeleteOptions,
  KubeClient,
  KubeWatcher,
  ObjectRef,
  PatchOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../../../lib/kube/client.ts';
import type { Resource } from '../../../lib/kube/resource.ts';

/** Resolves when the write, or the event of a watch, may pass. @param action such as `delete eipclaims`, `watch services`. */
export type Delay = (action: string) => Promise<void>;

export class LateClient implements KubeClient, KubeWatcher {
  readonly get: KubeClient['get'];
  readonly list: KubeClient['list'];
  readonly #client: KubeClient & KubeWatcher;
  readonly #delay: Delay;

  constructor(client: KubeClient & KubeWatcher, delay: Delay) {
    this.#client = client;
    this.#delay = delay;
    this.get = client.get.bind(client);
    this.list = client.list.bind(client);
  }

  async watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): Promise<AsyncIterable<WatchEvent<T>>> {
    const events = await this.#client.watch(resource, options);
    const delay = (): Promise<void> => this.#delay(`watch ${resource.plural}`);
    return (async function* () {
      for await (const event of events) {
        await delay();
        yield event;
      }
    })();
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T> {
    await this.#delay(`create ${resource.plural}`);
    return this.#client.create(resource, object, options);
  }

  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions & { readonly subresource?: 'status' },
  ): Promise<T> {
    await this.#delay(`update ${resource.plural}`);
    return this.#client.replace(resource, object, options);
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    body: unknown,
    options: PatchOptions,
  ): Promise<T> {
    await this.#delay(`patch ${resource.plural}`);
    return this.#client.patch(resource, ref, body, options);
  }

  async delete<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options?: DeleteOptions): Promise<void> {
    await this.#delay(`delete ${resource.plural}`);
    return this.#client.delete(resource, ref, options);
  }
}
