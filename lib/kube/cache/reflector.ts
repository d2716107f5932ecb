/**
 * Keeps a cache of one kind of object in step with the API server: list in pages, then watch, for ever. `reflect-step.ts` decides the next step.
 *
 * - Only a complete list replaces the cache, at once: no reader sees a half-filled cache. In an outage the cache stays as it was.
 * - A silent watch is given up (`silence.ts`), and a new list judges it. If the list has changes that the watch did not return, following has failed until some watch
 * returns something. If not, nothing was missed. (PING shows a dead connection sooner.)
 * - The duration of a watch is random (5 to 10 minutes), so that not all watches of all nodes are renewed at once.
 */
import type { Registry } from 'prom-client';
import { type KubeObject, keyOf } from '../../api/meta/object.ts';
import { type Clock, pause, systemClock } from '../../process/clock.ts';
import type { Logger } from '../../process/log.ts';
import type { KubeWatcher, ListOptions, WatchEvent } from '../client.ts';
import { isGone, isNotFound, KubeError, KubeUnreachableError } from '../errors.ts';
import type { Resource } from '../resource.ts';
import { changesBetween, changesOf } from './changes.ts';
import { iterable } from './iterable.ts';
import { pagesOf } from './pages.ts';
import { nextStep, type Progress, START, STEADY_MS, type Step, type StepResult } from './reflect-step.ts';
import { createReflectorMetrics, type ReflectorMetrics } from './reflector-metrics.ts';
import { Silence } from './silence.ts';
import type { Change, Store } from './store.ts';
import { StoreReaders } from './store-readers.ts';
import { dropManagedFields } from './transform.ts';

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: KubeWatcher;
  readonly resource: Resource<T>;
  /** Default: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Watches and caches only the objects' metadata: the other fields of `T` are absent. */
  readonly metadataOnly?: boolean;
  /** In metrics and logs, for several reflectors of one resource. @default the resource's plural */
  readonly name?: string;
  /** Removes unused fields; may change its argument. @default dropManagedFields */
  readonly transform?: (object: T) => T;
  /** Whether two versions after `transform` are the same to all readers. The cache then keeps the former one, and no listener is called. */
  readonly isSame?: (a: T, b: T) => boolean;
  /** The API server may lack the kind: then the cache is empty, and the API server is asked again each half minute. */
  readonly optional?: boolean;
  /** A list or a watch failed; {@link Reflector.failureCode} says how. */
  readonly onFailure?: () => void;
  readonly log: Logger;
  readonly registry?: Registry;
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: () => number;
  /** @default 500 */
  readonly pageSize?: number;
  /** The duration of a watch, at random between the two. @default 300 to 600 */
  readonly watchSeconds?: { readonly min: number; readonly max: number };
  /** A silent watch is given up after this time. @default 210 s */
  readonly silenceMs?: number;
}

const PAGE_SIZE = 500;
const WATCH_SECONDS = { min: 300, max: 600 };
/** Within this time, two bookmarks come if there is anything new. */
const ASK_AFTER_MS = { min: 125_000, max: 135_000 };
/** The bookmark after the request comes within a minute. */
const SILENCE_MS = 210_000;
const ABSENT_RETRY_SECONDS = 30;
/** No object has this version: an empty answer of the API server's cache. */
const NOBODY = 'skycap.io-nobody';
/** The code of a failure without an error: a watch missed changes. */
const SILENT = 'silent';

export class Reflector<T extends KubeObject> implements Store<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #name: string;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #metrics: ReflectorMetrics;
  readonly #readers: StoreReaders<T>;
  #items = new Map<string, T>();
  #heardAtMs = Number.NEGATIVE_INFINITY;
  #failure: { readonly code: string; readonly message: string } | undefined;
  /** A silent watch was given up; the next list judges it. */
  #gaveUp = false;
  /** Codes of the failures that were logged since the last success, since an API server may alternate between failures. */
  readonly #logged = new Set<string>();

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#name = options.name ?? options.resource.plural;
    this.#log = options.log.child({ reflector: this.#name });
    this.#readers = new StoreReaders(this.#log);
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#metrics = createReflectorMetrics(options.registry, this.#name);
  }

  get synced(): boolean {
    return this.#readers.synced;
  }

  get size(): number {
    return this.#items.size;
  }

  /** The failure of the last list or watch; undefined if there is none. */
  get failure(): string | undefined {
    return this.#failure?.message;
  }

  /** Of the same failure: the HTTP status, or a word. */
  get failureCode(): string | undefined {
    return this.#failure?.code;
  }

  silentForMs(): number {
    return this.#clock.monotonicMs() - this.#heardAtMs;
  }

  get(key: string): T | undefined {
    return this.#items.get(key);
  }

  values(): Iterable<T> {
    return iterable(() => this.#items.values());
  }

  subscribe(listener: (change: Change<T>) => void): void {
    this.#readers.subscribe(listener);
  }

  /** Resolves with the first complete list, or when `signal` aborts. */
  waitForSync(signal: AbortSignal): Promise<void> {
    return this.#readers.waitForSync(signal);
  }

  /** Resolves when `signal` has aborted; never rejects. The cache then stays as it is. */
  async run(signal: AbortSignal): Promise<void> {
    let progress: Progress = START;
    while (!signal.aborted) {
      await pause(progress.delayMs, signal);
      if (signal.aborted) return;
      const outcome =
        progress.step.kind === 'list' ? await this.#list(signal) : await this.#watch(progress.step, signal);
      progress = nextStep(progress, outcome, this.#clock.monotonicMs(), this.#random());
    }
  }

  async #list(signal: AbortSignal): Promise<StepResult> {
    const { client, resource, pageSize = PAGE_SIZE } = this.#options;
    const items = new Map<string, T>();
    let resourceVersion = '';
    try {
      for await (const page of pagesOf(client, resource, { ...this.#selection(), limit: pageSize, signal })) {
        if (!this.#gaveUp) this.#heard();
        for (const item of page.items) this.#take(items, item);
        ({ resourceVersion } = page);
      }
      const changes = this.#replace(items);
      if (this.#gaveUp) this.#judgeSilence(changes);
      return { kind: 'listed', resourceVersion };
    } catch (error) {
      if (this.#options.optional && isNotFound(error)) return this.#absent();
      return this.#failed(error, { kind: 'list' }, 0, signal);
    }
  }

  #absent(): StepResult {
    this.#heard();
    this.#replace(new Map());
    return { kind: 'failed', step: { kind: 'list' }, livedMs: 0, retryAfterSeconds: ABSENT_RETRY_SECONDS };
  }

  async #watch(step: Step & { kind: 'watch' }, signal: AbortSignal): Promise<StepResult> {
    let resourceVersion = step.resourceVersion;
    let startedMs = Number.POSITIVE_INFINITY;
    const lived = (): number => Math.max(0, this.#clock.monotonicMs() - startedMs);
    using silence = this.#silence(signal);
    let steady: NodeJS.Timeout | undefined;
    try {
      const events = await this.#openWatch(resourceVersion, silence.signal);
      // From here on it stands; to wait for an answer is no success.
      startedMs = this.#clock.monotonicMs();
      // After silence, only a word shows that it is over.
      if (this.#failure?.code !== SILENT) steady = setTimeout(() => this.#recovered(), STEADY_MS);
      for await (const event of events) {
        silence.broken();
        this.#heard();
        if (this.#failure?.code === SILENT) this.#recovered();
        resourceVersion = event.type === 'bookmark' ? event.resourceVersion : event.object.metadata.resourceVersion!;
        this.#apply(event);
      }
      if (lived() < STEADY_MS) this.#note('closed', new Error(`Cannot watch ${this.#name}: the watch ends at once`));
      return { kind: 'ended', resourceVersion, livedMs: lived() };
    } catch (error) {
      if (silence.signal.aborted && !signal.aborted) {
        this.#log.debug('the watch says nothing, listing again');
        this.#gaveUp = true;
        return { kind: 'startOver', livedMs: lived() };
      }
      return this.#failed(error, { kind: 'watch', resourceVersion }, lived(), signal);
    } finally {
      clearTimeout(steady);
    }
  }

  async #openWatch(resourceVersion: string, signal: AbortSignal): Promise<AsyncIterable<WatchEvent<T>>> {
    const { client, resource, watchSeconds = WATCH_SECONDS } = this.#options;
    const timeoutSeconds = Math.round(watchSeconds.min + (watchSeconds.max - watchSeconds.min) * this.#random());
    const stream = await client.watch(resource, {
      ...this.#selection(),
      resourceVersion,
      timeoutSeconds,
      signal,
    });
    if (this.#failure?.code !== SILENT) this.#heard();
    this.#metrics.watched();
    return stream;
  }

  /** The parameters of both list and watch. */
  #selection(): Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector' | 'metadataOnly'> {
    const { namespace, labelSelector, fieldSelector, metadataOnly } = this.#options;
    return {
      ...(namespace && { namespace }),
      ...(labelSelector && { labelSelector }),
      ...(fieldSelector && { fieldSelector }),
      ...(metadataOnly && { metadataOnly }),
    };
  }

  /** Adds an object to a list in progress. An unchanged object stays the same, which saves its memory. */
  #take(items: Map<string, T>, item: T): void {
    const key = keyOf(item);
    const old = this.#items.get(key);
    const same =
      old?.metadata.uid === item.metadata.uid && old?.metadata.resourceVersion === item.metadata.resourceVersion;
    items.set(key, same && old ? old : this.#worthKeeping(old, this.#transformed(item)));
  }

  #worthKeeping(old: T | undefined, now: T): T {
    return old && this.#options.isSame?.(old, now) ? old : now;
  }

  /** @returns the number of changes. */
  #replace(items: Map<string, T>): number {
    const changes = changesBetween(this.#items, items);
    this.#items = items;
    this.#metrics.listed();
    this.#metrics.objects(items.size);
    this.#readers.complete(changes);
    return changes.length;
  }

  #silence(parent: AbortSignal): Silence {
    const { client, resource, silenceMs = SILENCE_MS, namespace } = this.#options;
    const askAfterMs = ASK_AFTER_MS.min + (ASK_AFTER_MS.max - ASK_AFTER_MS.min) * this.#random();
    const nobody = { fieldSelector: `metadata.name=${NOBODY}`, metadataOnly: true, ...(namespace && { namespace }) };
    const ask = (signal: AbortSignal) => client.list(resource, { ...nobody, signal });
    return new Silence({ ask, askAfterMs, limitMs: silenceMs, parent });
  }

  /** @param missed the number of changes that the watch did not return. */
  #judgeSilence(missed: number): void {
    const { silenceMs = SILENCE_MS } = this.#options;
    this.#gaveUp = false;
    const cause = new Error(
      `it told nothing for ${silenceMs / 1000} s, and missed ${missed} ${missed === 1 ? 'change' : 'changes'}`,
    );
    if (missed > 0) this.#note(SILENT, new KubeUnreachableError(`watch ${this.#name}`, cause));
    else if (this.#failure?.code !== SILENT) this.#heard();
  }

  #apply(event: WatchEvent<T>): void {
    if (event.type === 'bookmark') return;
    const object = this.#transformed(event.object);
    const key = keyOf(object);
    const old = this.#items.get(key);
    if (event.type === 'deleted') {
      // Its last state is the event's, not the cache's.
      if (this.#items.delete(key)) this.#readers.tell([{ type: 'deleted', key, object }]);
    } else {
      const kept = this.#worthKeeping(old, object);
      const changes = changesOf(key, old, kept);
      this.#items.set(key, kept);
      this.#readers.tell(changes);
    }
    this.#metrics.objects(this.#items.size);
  }

  #transformed(object: T): T {
    return (this.#options.transform ?? dropManagedFields)(object);
  }

  #heard(): void {
    this.#heardAtMs = this.#clock.monotonicMs();
  }

  #failed(error: unknown, step: Step, livedMs: number, signal: AbortSignal): StepResult {
    if (signal.aborted) return { kind: 'failed', step, livedMs };
    // 410 is how the API server says that its history is shorter than our absence; it is a failure only when it goes on.
    if (isGone(error)) {
      this.#metrics.failed('410');
      this.#log.debug({ err: error }, 'resource version too old, listing again');
      return { kind: 'startOver', livedMs };
    }
    const code = codeOf(error);
    if (livedMs < STEADY_MS) this.#note(code, error);
    else this.#metrics.failed(code);
    if (code === 'unreadable' || code === '400') return { kind: 'startOver', livedMs };
    const retryAfterSeconds = error instanceof KubeError ? error.retryAfterSeconds : undefined;
    return { kind: 'failed', step, livedMs, retryAfterSeconds };
  }

  /** Logs a failure once, not at every repetition. */
  #note(code: string, err: unknown): void {
    this.#metrics.failed(code);
    if (!this.#logged.has(code)) this.#log.warn({ err }, 'cannot follow the API server, trying again');
    this.#logged.add(code);
    this.#failure = { code, message: err instanceof Error ? err.message : String(err) };
    this.#options.onFailure?.();
  }

  #recovered(): void {
    if (this.#failure) this.#log.info('following the API server again');
    this.#failure = undefined;
    this.#logged.clear();
  }
}

function codeOf(error: unknown): string {
  if (error instanceof KubeError) return String(error.statusCode);
  return error instanceof KubeUnreachableError ? 'unreachable' : 'unreadable';
}
