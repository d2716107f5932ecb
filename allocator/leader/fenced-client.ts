/**
 * The API server for a leader: every write asks whether this replica still leads, when it is called for and again in the moment it leaves. A process that was
 * paused past its Lease does not know yet that it was replaced, and works off what had been queued before it looks at any timer; by the clock it can tell.
 *
 * What was on its way by then arrives late: every change and every deletion of the allocator's carries the resourceVersion of what it was decided by, and a claim
 * made too late is one that its Service does not use, which the leader of the day releases.
 */
import type { KubeObject } from '../../lib/api/meta/object.ts';
import type {
  DeleteOptions,
  KubeClient,
  ListOptions,
  ListPage,
  ObjectRef,
  PatchOptions,
  WriteOptions,
} from '../../lib/kube/client.ts';
import type { Leadership } from '../../lib/kube/election/leader.ts';
import type { Resource } from '../../lib/kube/resource.ts';

export class LeadingClient implements KubeClient {
  readonly #client: KubeClient;
  readonly #leadership: Leadership;
  readonly #signal: AbortSignal;

  /** @param signal aborts when the term ends; a write under way is given up then. */
  constructor(client: KubeClient, leadership: Leadership, signal: AbortSignal) {
    this.#client = client;
    this.#leadership = leadership;
    this.#signal = signal;
  }

  get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options?: { readonly signal?: AbortSignal },
  ): Promise<T> {
    return this.#client.get(resource, ref, options);
  }

  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ListPage<T>> {
    return this.#client.list(resource, options);
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T> {
    return this.#client.create(resource, object, this.#with(`create ${resource.plural}`, options));
  }

  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions & { readonly subresource?: 'status' },
  ): Promise<T> {
    return this.#client.replace(resource, object, this.#with(`update ${resource.plural}`, options));
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    body: unknown,
    options: PatchOptions,
  ): Promise<T> {
    return this.#client.patch(resource, ref, body, this.#with(`patch ${resource.plural}`, options));
  }

  async delete<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options?: DeleteOptions): Promise<void> {
    return this.#client.delete(resource, ref, this.#with(`delete ${resource.plural}`, options));
  }

  #with<O extends WriteOptions>(action: string, options: O | undefined): O & WriteOptions {
    const beforeSend = (): void => {
      if (!this.#leadership.isLeading()) throw new Error(`Cannot ${action}: this replica does not lead any more`);
    };
    beforeSend();
    return { ...(options as O), signal: options?.signal ?? this.#signal, beforeSend };
  }
}
