/**
 * A cache of objects for those who read their spec and not their status, where the status is large or written often: those of an Eip and of a
 * BgpPeer change with every address given and every session that comes up, and a watch would carry each of them whole to every node.
 *
 * What is watched is the metadata alone (`PartialObjectMetadata`, k8s.io/apimachinery `meta/v1`): about a kilobyte, whatever the status holds.
 * `metadata.generation` tells when the spec has changed, and only then the object is read. Until it is, the former one stands.
 */
import type { KubeObject } from '../api/object.ts';
import { LevelLoop } from '../process/level-loop.ts';
import { changesOf } from './changes.ts';
import type { ListOptions } from './client.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import type { Change, Store } from './store.ts';
import { dropManagedFields } from './transform.ts';

export type SpecStoreOptions<T extends KubeObject> = Pick<
  ReflectorOptions<T>,
  'client' | 'resource' | 'log' | 'registry'
>;

const PAGE_SIZE = 500;

export class SpecStore<T extends KubeObject> implements Store<T> {
  readonly #options: SpecStoreOptions<T>;
  readonly #heads: Reflector<T>;
  readonly #items = new Map<string, T>();
  readonly #listeners: ((change: Change<T>) => void)[] = [];
  readonly #reading: LevelLoop;
  readonly #read = Promise.withResolvers<void>();
  #synced = false;

  constructor(options: SpecStoreOptions<T>) {
    const { resource, log } = options;
    this.#options = options;
    this.#heads = new Reflector({ ...options, metadataOnly: true });
    this.#reading = new LevelLoop({
      name: `read ${resource.plural}`,
      act: (signal) => this.#bringUpToDate(signal),
      log,
    });
    this.#heads.subscribe(() => this.#reading.trigger());
  }

  get synced(): boolean {
    return this.#synced;
  }

  get size(): number {
    return this.#items.size;
  }

  get failure(): string | undefined {
    return this.#heads.failure;
  }

  silentForMs(): number {
    return this.#heads.silentForMs();
  }

  get(key: string): T | undefined {
    return this.#items.get(key);
  }

  values(): IterableIterator<T> {
    return this.#items.values();
  }

  subscribe(listener: (change: Change<T>) => void): void {
    this.#listeners.push(listener);
  }

  /** Resolves when every object was read, or when `signal` aborts. */
  async waitForSync(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const aborted = Promise.withResolvers<void>();
    const abort = (): void => aborted.resolve();
    signal.addEventListener('abort', abort, { once: true });
    await Promise.race([this.#read.promise, aborted.promise]);
    signal.removeEventListener('abort', abort);
  }

  /** Resolves when `signal` has aborted; never rejects. The cache stays as it is then. */
  async run(signal: AbortSignal): Promise<void> {
    void this.#heads.waitForSync(signal).then(() => this.#reading.trigger());
    await Promise.all([this.#heads.run(signal), this.#reading.run(signal)]);
  }

  async #bringUpToDate(signal: AbortSignal): Promise<void> {
    if (!this.#heads.synced) return;
    const stale = this.#stale();
    const fresh = stale.length === 0 ? [] : await this.#list(stale, signal);
    for (const key of [...this.#items.keys()]) if (!this.#heads.get(key)) this.#remove(key);
    for (const object of fresh) this.#put(object);
    for (const head of this.#heads.values()) this.#relabel(head);
    // What changed while it was read has triggered the loop again; what is not there any more comes as a deletion.
    if (this.#synced || this.#stale().length > 0) return;
    this.#synced = true;
    this.#read.resolve();
  }

  /** Names of the objects whose spec is not known as it is now. */
  #stale(): string[] {
    return [...this.#heads.values()].flatMap(({ metadata }) => {
      const name = metadata.name ?? '';
      const known = this.#items.get(name)?.metadata;
      return known?.uid === metadata.uid && known?.generation === metadata.generation ? [] : [name];
    });
  }

  async #list(names: readonly string[], signal: AbortSignal): Promise<T[]> {
    const { client, resource } = this.#options;
    const [only] = names;
    const selection: ListOptions = names.length === 1 ? { fieldSelector: `metadata.name=${only}` } : {};
    const items: T[] = [];
    for (let next: string | undefined, isFirst = true; isFirst || next; isFirst = false) {
      const page = await client.list(resource, {
        ...selection,
        limit: PAGE_SIZE,
        ...(next && { continue: next }),
        signal,
      });
      items.push(...page.items);
      next = page.continue;
    }
    return items.map(withoutStatus);
  }

  /** Takes in an object as it was read, unless it is gone again. */
  #put(object: T): void {
    const key = object.metadata.name ?? '';
    const old = this.#items.get(key);
    const isSame = old?.metadata.uid === object.metadata.uid && old?.metadata.generation === object.metadata.generation;
    if (isSame || !this.#heads.get(key)) return;
    this.#items.set(key, object);
    for (const change of changesOf(key, old, object)) this.#notify(change);
  }

  /** Labels and annotations change without a new generation, and stand in the metadata that is watched. */
  #relabel({ metadata }: T): void {
    const key = metadata.name ?? '';
    const old = this.#items.get(key);
    if (!old || old.metadata.uid !== metadata.uid || sameMarks(old.metadata, metadata)) return;
    const { labels, annotations, deletionTimestamp, resourceVersion } = metadata;
    const object: T = {
      ...old,
      metadata: { ...old.metadata, labels, annotations, deletionTimestamp, resourceVersion },
    };
    this.#items.set(key, object);
    this.#notify({ type: 'modified', key, object, old });
  }

  #remove(key: string): void {
    const object = this.#items.get(key)!;
    this.#items.delete(key);
    this.#notify({ type: 'deleted', key, object });
  }

  #notify(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function sameMarks(a: KubeObject['metadata'], b: KubeObject['metadata']): boolean {
  const marks = ({ labels, annotations, deletionTimestamp }: KubeObject['metadata']) =>
    JSON.stringify([labels ?? {}, annotations ?? {}, deletionTimestamp]);
  return marks(a) === marks(b);
}

function withoutStatus<T extends KubeObject>(object: T): T {
  return { ...dropManagedFields(object), status: undefined };
}
