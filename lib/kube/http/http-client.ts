/**
 * {@link KubeClient} and {@link KubeWatcher} over HTTP: one kept-alive connection, a deadline for every request, few and careful repetitions, and the API server's
 * refusals as {@link KubeError}.
 */
import { type KubeObject, keyFor } from '../../api/meta/object.ts';
import { type AccessSource, fixedAccess, type TlsMaterial } from '../access/access.ts';
import { inClusterAccess } from '../access/in-cluster-access.ts';
import { kubeconfigAccess } from '../access/kubeconfig-access.ts';
import type {
  DeleteOptions,
  KubeClient,
  KubeWatcher,
  ListOptions,
  ListPage,
  ObjectRef,
  PatchOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../client.ts';
import type { Resource } from '../resource.ts';
import { Transport, type TransportOptions } from '../transport/transport.ts';
import { LineSplitter } from './line-splitter.ts';
import { collectionPath, objectPath, queryString, requireNamespace } from './request-path.ts';
import { Requester, type RequesterOptions } from './requester.ts';
import type { Verb } from './retry.ts';
import { parseWatchLine } from './watch-line.ts';

export interface HttpKubeClientOptions extends TransportOptions, RequesterOptions {
  /** Called for each event of a watch, including bookmarks, before its listeners. */
  readonly onWatchEvent?: () => void;
}

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  // JSON is YAML; the type exists in this spelling only.
  apply: 'application/apply-patch+yaml',
} as const;

interface KubeList<T> {
  readonly metadata: {
    readonly resourceVersion?: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  /** Absent or null for an empty list. */
  readonly items?: readonly T[] | null;
}

export class HttpKubeClient implements KubeClient, KubeWatcher {
  readonly #requester: Requester;
  readonly #onWatchEvent: (() => void) | undefined;

  constructor(access: AccessSource, options: HttpKubeClientOptions) {
    this.#onWatchEvent = options.onWatchEvent;
    this.#requester = new Requester(new Transport(access, options), options);
  }

  /**
   * Uses the pod's ServiceAccount, unless KUBECONFIG is set; outside of pods the usual kubeconfig. Connects when first used.
   * @param options.env the process's environment.
   */
  static fromDefault(options: HttpKubeClientOptions & { readonly env: NodeJS.ProcessEnv }): HttpKubeClient {
    const { KUBECONFIG, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = options.env;
    const nowMs = (): number => performance.now();
    const access = host && !KUBECONFIG ? inClusterAccess({ host, port, nowMs }) : kubeconfigAccess('default', nowMs);
    return new HttpKubeClient(access, options);
  }

  /** @param from the text or the path of a kubeconfig. */
  static fromKubeconfig(
    from: { readonly text: string } | { readonly path: string },
    options: HttpKubeClientOptions,
  ): HttpKubeClient {
    return new HttpKubeClient(
      kubeconfigAccess(from, () => performance.now()),
      options,
    );
  }

  /** A bearer token and a CA, for tests and tools. */
  static fromToken(
    access: { readonly server: string; readonly token: string; readonly tls: TlsMaterial },
    options: HttpKubeClientOptions,
  ): HttpKubeClient {
    return new HttpKubeClient(fixedAccess(access), options);
  }

  async get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    const path = objectPath(resource, ref);
    return this.#requester.call({ ...about('get', resource, ref), method: 'GET', path, signal: options.signal });
  }

  /** The version of the API server, such as `v1.34.2`. */
  async serverVersion(signal?: AbortSignal): Promise<string> {
    const call = {
      verb: 'get',
      method: 'GET',
      resource: 'version',
      action: 'get the version',
      path: '/version',
    } as const;
    const { gitVersion = '' } = await this.#requester.call<{ readonly gitVersion?: string }>({ ...call, signal });
    return gitVersion;
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ListPage<T>> {
    const { namespace, signal, metadataOnly, ...query } = options;
    const path = collectionPath(resource, namespace) + queryString(query);
    const call = {
      ...about('list', resource),
      ...(metadataOnly && { accept: metadataAs('PartialObjectMetadataList') }),
    };
    const list = await this.#requester.call<KubeList<T>>({ ...call, method: 'GET', path, signal });
    const { continue: next, remainingItemCount: remaining } = list.metadata;
    return {
      items: (list.items ?? []).map((item) => withType(resource, item)),
      resourceVersion: list.metadata.resourceVersion ?? '',
      ...(next && { continue: next }),
      ...(remaining !== undefined && { remaining }),
    };
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name = object.metadata.generateName ?? '' } = object.metadata;
    requireNamespace(resource, namespace);
    const path = collectionPath(resource, namespace) + queryString(dryRunOf(options));
    const call = about('create', resource, { name, namespace });
    return this.#requester.call({
      ...call,
      method: 'POST',
      path,
      body: withType(resource, object),
      signal: options.signal,
      beforeSend: options.beforeSend,
    });
  }

  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions & { readonly subresource?: 'status' } = {},
  ): Promise<T> {
    const ref = { name: object.metadata.name ?? '', namespace: object.metadata.namespace };
    const path = objectPath(resource, ref, options.subresource) + queryString(dryRunOf(options));
    const call = about('update', resource, ref);
    return this.#requester.call({
      ...call,
      method: 'PUT',
      path,
      body: withType(resource, object),
      signal: options.signal,
      beforeSend: options.beforeSend,
    });
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    body: unknown,
    options: PatchOptions,
  ): Promise<T> {
    const { type, subresource, fieldManager, force, signal, beforeSend } = options;
    const path = objectPath(resource, ref, subresource) + queryString({ ...dryRunOf(options), fieldManager, force });
    const contentType = PATCH_TYPES[type];
    const call = about('patch', resource, ref);
    return this.#requester.call({ ...call, method: 'PATCH', path, body, contentType, signal, beforeSend });
  }

  async delete<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options: DeleteOptions = {},
  ): Promise<void> {
    const { uid, resourceVersion, signal, beforeSend } = options;
    const path = objectPath(resource, ref);
    const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
    // With a body, the API server does not look at the query: `dryRun` there would delete.
    const dryRun = options.dryRun ? ['All'] : [];
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, dryRun };
    await this.#requester.call({ ...about('delete', resource, ref), method: 'DELETE', path, body, signal, beforeSend });
  }

  async watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): Promise<AsyncIterable<WatchEvent<T>>> {
    const { namespace, signal, metadataOnly, ...query } = options;
    const path =
      collectionPath(resource, namespace) + queryString({ ...query, watch: true, allowWatchBookmarks: true });
    const call = { ...about('watch', resource), ...(metadataOnly && { accept: metadataAs('PartialObjectMetadata') }) };
    const body = await this.#requester.stream({ ...call, method: 'GET', path, signal });
    return eventsOf<T>(body, call.action, this.#onWatchEvent);
  }

  /** A log, or the answer of a pod: text, by its path. @throws as {@link get}. */
  readText(path: string, signal: AbortSignal): Promise<string> {
    const action = `read ${path.split('?')[0]}`;
    return this.#requester.text({ verb: 'get', resource: 'text', action, method: 'GET', path, accept: '*/*', signal });
  }

  /** Ends the connection, with every request and watch on it. */
  close(): Promise<void> {
    return this.#requester.close();
  }
}

/** The name of a call in metrics and error messages. */
function about<T extends KubeObject>(verb: Verb, resource: Resource<T>, ref?: ObjectRef) {
  const name = ref ? ` "${keyFor(ref.namespace, ref.name)}"` : '';
  return { verb, resource: resource.plural, action: `${verb} ${resource.plural}${name}` };
}

/** The media type by which the API server sends metadata only (KEP-2334, as client-go's metadata client asks for it). */
function metadataAs(kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList'): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1`;
}

function dryRunOf(options: WriteOptions): { readonly dryRun?: 'All' } {
  return options.dryRun ? { dryRun: 'All' } : {};
}

/** Items of a list lack their type, and objects of callers may lack it; both get it. */
function withType<T extends KubeObject>(resource: Resource<T>, object: T): T {
  if (object.kind && object.apiVersion) return object;
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  return { ...object, apiVersion, kind: resource.kind };
}

async function* eventsOf<T extends KubeObject>(
  body: AsyncIterable<Uint8Array>,
  action: string,
  onEvent?: () => void,
): AsyncGenerator<WatchEvent<T>> {
  const splitter = new LineSplitter();
  for await (const chunk of body) {
    for (const line of splitter.push(chunk)) {
      onEvent?.();
      yield parseWatchLine<T>(line, action);
    }
  }
}
