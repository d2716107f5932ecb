/**
 * The API server as Skycap's components see it: a few typed verbs on a {@link Resource}. `http-client.ts` is the one that speaks HTTP.
 * A refusal by the API server is thrown as a {@link KubeError}; `errors.ts` has the questions to ask of it.
 */
import type { KubeObject } from '../api/object.ts';
import type { Resource } from './resource.ts';

export interface ObjectRef {
  readonly name: string;
  /** Needed for what is namespaced. */
  readonly namespace?: string | undefined;
}

export interface WriteOptions {
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

export interface PatchOptions extends WriteOptions {
  /** `merge` RFC 7396, `strategic` Kubernetes' (built-in kinds only), `json` RFC 6902, `apply` server-side apply. */
  readonly type: 'merge' | 'strategic' | 'json' | 'apply';
  readonly subresource?: 'status';
  /** Needed for `apply`. */
  readonly fieldManager?: string;
  /** For `apply`: take over fields that others own. */
  readonly force?: boolean;
}

export interface DeleteOptions extends WriteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
}

export interface ListPage<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** Token of the next page; absent on the last. */
  readonly continue?: string;
}

export interface KubeClient {
  get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options?: { readonly signal?: AbortSignal },
  ): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ListPage<T>>;
  /** `object.metadata.namespace` says where. */
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  /** PUT: compare-and-swap where the object carries a resourceVersion. */
  replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions & { readonly subresource?: 'status' },
  ): Promise<T>;
  patch<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, body: unknown, options: PatchOptions): Promise<T>;
  delete<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
}
