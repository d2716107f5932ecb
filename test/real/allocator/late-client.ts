/**
 * A leader's client as it is at its worst: nobody asks whether it leads, and its writes arrive late, as those of a process that was paused with requests on
 * their way, or those that an API server kept for as long as its etcd did not answer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { DeleteOptions, KubeClient, ObjectRef, PatchOptions, WriteOptions } from '../../../lib/kube/client.ts';
import type { Resource } from '../../../lib/kube/resource.ts';

export class LateClient implements KubeClient {
  readonly get: KubeClient['get'];
  readonly list: KubeClient['list'];
  readonly #client: KubeClient;
  readonly #delayMs: () => number;

  constructor(client: KubeClient, delayMs: () => number) {
    this.#client = client;
    this.#delayMs = delayMs;
    this.get = client.get.bind(client);
    this.list = client.list.bind(client);
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T> {
    await sleep(this.#delayMs());
    return this.#client.create(resource, object, options);
  }

  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions & { readonly subresource?: 'status' },
  ): Promise<T> {
    await sleep(this.#delayMs());
    return this.#client.replace(resource, object, options);
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    body: unknown,
    options: PatchOptions,
  ): Promise<T> {
    await sleep(this.#delayMs());
    return this.#client.patch(resource, ref, body, options);
  }

  async delete<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options?: DeleteOptions): Promise<void> {
    await sleep(this.#delayMs());
    return this.#client.delete(resource, ref, options);
  }
}
