/**
 * A client that explains blocked writes: a write that a webhook or a policy of the cluster blocks fails with an explanation (`admission-refusal.ts`), which is logged
 * once. Each caller shows it to users.
 */
import { type KubeObject, keyFor } from '../../api/meta/object.ts';
import type { Reason } from '../../api/reasons.ts';
import type { Clock } from '../../process/clock.ts';
import type { Logger } from '../../process/log.ts';
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
import { RecentKeys } from '../events/recent-keys.ts';
import type { Resource } from '../resource.ts';
import { type AdmissionRefusal, admissionRefusalIn, explainRefusal } from './admission-refusal.ts';

export interface ExplainingClientOptions {
  readonly client: KubeClient & KubeWatcher;
  readonly log: Logger;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Called for each blocked write. */
  readonly onRefused?: (what: RefusedWrite) => void;
}

export interface RefusedWrite {
  readonly resource: Resource<KubeObject>;
  readonly ref: ObjectRef;
  readonly explanation: string;
}

const REASON: Reason = 'WriteRefused';
const WINDOW_MS = 600_000;
const MOST_REMEMBERED = 256;
/** The configurations are listed at most once in this time for one webhook: it may block many writes at once. */
const EXPLAIN_ANEW_MS = 10_000;

const explanations = new WeakMap<Error, string>();

/** The explanation of a blocked write, with the remedy; undefined for any other error. */
export function explanationOf(error: unknown): string | undefined {
  return error instanceof Error ? explanations.get(error) : undefined;
}

export class ExplainingClient implements KubeClient, KubeWatcher {
  readonly #options: ExplainingClientOptions;
  readonly #logged = new RecentKeys({ windowMs: WINDOW_MS, most: MOST_REMEMBERED });
  readonly #explained = new Map<string, { readonly atMs: number; readonly text: Promise<string> }>();

  constructor(options: ExplainingClientOptions) {
    this.#options = options;
  }

  get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options?: { readonly signal?: AbortSignal },
  ): Promise<T> {
    return this.#options.client.get(resource, ref, options);
  }

  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ListPage<T>> {
    return this.#options.client.list(resource, options);
  }

  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): Promise<AsyncIterable<WatchEvent<T>>> {
    return this.#options.client.watch(resource, options);
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T> {
    return this.#try(resource, refOf(object), () => this.#options.client.create(resource, object, options));
  }

  replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions & { readonly subresource?: 'status' },
  ): Promise<T> {
    return this.#try(resource, refOf(object), () => this.#options.client.replace(resource, object, options));
  }

  patch<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, body: unknown, options: PatchOptions): Promise<T> {
    return this.#try(resource, ref, () => this.#options.client.patch(resource, ref, body, options));
  }

  delete<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options?: DeleteOptions): Promise<void> {
    return this.#try(resource, ref, () => this.#options.client.delete(resource, ref, options));
  }

  async #try<T extends KubeObject, R>(resource: Resource<T>, ref: ObjectRef, send: () => Promise<R>): Promise<R> {
    try {
      return await send();
    } catch (error) {
      const refusal = admissionRefusalIn(error);
      if (refusal && error instanceof Error) await this.#note(resource as Resource<KubeObject>, ref, refusal, error);
      throw error;
    }
  }

  async #note(resource: Resource<KubeObject>, ref: ObjectRef, refusal: AdmissionRefusal, error: Error): Promise<void> {
    const { log, clock, onRefused } = this.#options;
    const explanation = await this.#explain(refusal);
    explanations.set(error, explanation);
    const key = JSON.stringify([resource.plural, refusal.by, refusal.by === 'server' ? '' : refusal.name]);
    if (this.#logged.isNew(key, clock.monotonicMs())) {
      const fields = { resource: resource.plural, name: keyFor(ref.namespace, ref.name), reason: REASON };
      log.warn({ ...fields, why: explanation }, 'write refused by the cluster, trying again');
    }
    onRefused?.({ resource, ref, explanation });
  }

  #explain(refusal: AdmissionRefusal): Promise<string> {
    const { client, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const key = JSON.stringify(refusal);
    const known = this.#explained.get(key);
    if (known && nowMs - known.atMs < EXPLAIN_ANEW_MS) return known.text;
    for (const [old, { atMs }] of this.#explained) if (nowMs - atMs >= EXPLAIN_ANEW_MS) this.#explained.delete(old);
    const text = explainRefusal(refusal, client, AbortSignal.timeout(EXPLAIN_ANEW_MS));
    this.#explained.set(key, { atMs: nowMs, text });
    return text;
  }
}

function refOf({ metadata: { name, generateName = '', namespace } }: KubeObject): ObjectRef {
  return { name: name ?? generateName, ...(namespace !== undefined && { namespace }) };
}
