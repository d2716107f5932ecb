/**
 * The API server for a leader: every write asks first whether this replica still leads. A process that was paused past its Lease does not know
 * yet that it was replaced; by the clock it can tell before it writes. What passes all the same carries a resourceVersion.
 */
import type { KubeObject } from '../lib/api/object.ts';
import type {
  DeleteOptions,
  KubeClient,
  ListOptions,
  ListPage,
  ObjectRef,
  PatchOptions,
  WriteOptions,
} from '../lib/kube/client.ts';
import type { Leadership } from '../lib/kube/leader.ts';
import type { Resource } from '../lib/kube/resource.ts';

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
    this.#check(`create ${resource.plural}`);
    return this.#client.create(resource, object, this.#with(options));
  }

  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions & { readonly subresource?: 'status' },
  ): Promise<T> {
    this.#check(`update ${resource.plural}`);
    return this.#client.replace(resource, object, this.#with(options));
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    body: unknown,
    options: PatchOptions,
  ): Promise<T> {
    this.#check(`patch ${resource.plural}`);
    return this.#client.patch(resource, ref, body, this.#with(options));
  }

  async delete<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options?: DeleteOptions): Promise<void> {
    this.#check(`delete ${resource.plural}`);
    return this.#client.delete(resource, ref, this.#with(options));
  }

  #check(action: string): void {
    if (!this.#leadership.isLeading()) throw new Error(`Cannot ${action}: this replica does not lead any more`);
  }

  #with<O extends WriteOptions>(options: O | undefined): O & { readonly signal: AbortSignal } {
    return { ...(options as O), signal: options?.signal ?? this.#signal };
  }
}
