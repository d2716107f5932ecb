/**
 * The API server for Skycap's components: a few typed verbs on a {@link Resource}. `http-client.ts` implements them over HTTP. A refusal of the API server is thrown as
 * a {@link KubeError}; `errors.ts` has functions that tell refusals apart.
 */
import type { KubeObject } from '../api/meta/object.ts';
import type { Resource } from './resource.ts';

export interface ObjectRef {
  readonly name: string;
  /** Required for a namespaced resource. */
  readonly namespace?: string | undefined;
}

export interface WriteOptions {
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  /**
   * Called immediately before the request, or its repetition, is sent; throws to hold it back. Between the call of a verb and that moment, a connection may have to be
   * made, or a back-off to pass.
   */
  readonly beforeSend?: () => void;
}

export interface PatchOptions extends WriteOptions {
  /** `merge` RFC 7396, `strategic` Kubernetes' (built-in kinds only), `json` RFC 6902, `apply` server-side apply. */
  readonly type: 'merge' | 'strategic' | 'json' | 'apply';
  readonly subresource?: 'status';
  /** Required for `apply`. */
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
  /** Only the objects' metadata are sent. */
  readonly metadataOnly?: boolean;
  readonly signal?: AbortSignal;
}

export interface ListPage<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** Token of the next page; absent on the last. */
  readonly continue?: string;
  /** The number of further objects, if the API server reports it: for a list with a limit and without selector. */
  readonly remaining?: number;
}

export interface WatchOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Changes after this one are sent. */
  readonly resourceVersion: string;
  /** The API server ends the watch after this time. */
  readonly timeoutSeconds: number;
  /** Only the objects' metadata are sent. */
  readonly metadataOnly?: boolean;
  readonly signal: AbortSignal;
}

/** One line of a watch. A bookmark has only its resourceVersion. */
export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly object: T }
  | { readonly type: 'bookmark'; readonly resourceVersion: string };

/** The verbs of a {@link Reflector}. A refusal is thrown as KubeError, be it the HTTP status or an ERROR event in mid-stream. */
export interface KubeWatcher {
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ListPage<T>>;
  /** Resolves when the API server has accepted the watch. The stream ends when the API server ends the watch, and throws when it breaks. */
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): Promise<AsyncIterable<WatchEvent<T>>>;
}

export interface KubeClient {
  get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options?: { readonly signal?: AbortSignal },
  ): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ListPage<T>>;
  /** The namespace is `object.metadata.namespace`. */
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  /** PUT: compare-and-swap if the object has a resourceVersion. */
  replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions & { readonly subresource?: 'status' },
  ): Promise<T>;
  patch<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, body: unknown, options: PatchOptions): Promise<T>;
  delete<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
}
