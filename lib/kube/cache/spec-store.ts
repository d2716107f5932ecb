/**
 * A cache of objects for readers of the spec, for kinds with a large or frequently written status: the statuses of an Eip and a BgpPeer change with every address given
 * and every session that comes up, and a watch would send each whole object to every node.
 *
 * The watch covers the metadata alone (`PartialObjectMetadata`, k8s.io/apimachinery `meta/v1`): about a kilobyte, whatever the size of the status. A new
 * `metadata.generation` means a new spec, and causes a read of the object. Until the read, the former object stays.
 *
 * Objects that are deleted with their CRD stay until an object of the kind exists again: no user asked for the deletion of the objects, and uninstalling another
 * product must not end the work of a node (decisions/0018).
 */

import { type KubeObject, keyOf, sameMarks } from '../../api/meta/object.ts';
import { LevelLoop } from '../../process/loop/level-loop.ts';
import type { ListOptions } from '../client.ts';
import { CRDS, crdName, establishedSince } from '../crd.ts';
import { changesOf } from './changes.ts';
import { iterable } from './iterable.ts';
import { pagesOf } from './pages.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import type { Change, Store } from './store.ts';
import { StoreReaders } from './store-readers.ts';
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
  readonly #readers: StoreReaders<T>;
  readonly #reading: LevelLoop;

  constructor(options: SpecStoreOptions<T>) {
    const { resource, log } = options;
    this.#options = options;
    this.#readers = new StoreReaders(log);
    this.#heads = new Reflector({ ...options, metadataOnly: true });
    this.#reading = new LevelLoop({
      name: `read ${resource.plural}`,
      act: (signal) => this.#bringUpToDate(signal),
      log,
    });
    this.#heads.subscribe(() => this.#reading.trigger());
  }

  get synced(): boolean {
    return this.#readers.synced;
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

  values(): Iterable<T> {
    return iterable(() => this.#items.values());
  }

  subscribe(listener: (change: Change<T>) => void): void {
    this.#readers.subscribe(listener);
  }

  /** Resolves when every object is read, or when `signal` aborts. */
  waitForSync(signal: AbortSignal): Promise<void> {
    return this.#readers.waitForSync(signal);
  }

  /** Resolves when `signal` has aborted; never rejects. The cache then stays as it is. */
  async run(signal: AbortSignal): Promise<void> {
    void this.#heads.waitForSync(signal).then(() => this.#reading.trigger());
    await Promise.all([this.#heads.run(signal), this.#reading.run(signal)]);
  }

  async #bringUpToDate(signal: AbortSignal): Promise<void> {
    if (!this.#heads.synced) return;
    const stale = this.#stale();
    const fresh = stale.length === 0 ? [] : await this.#list(stale, signal);
    const gone = [...this.#items.values()].filter((object) => !this.#heads.get(keyOf(object)));
    const isKept = gone.length > 0 && (await this.#wentWithCrd(gone, signal));
    for (const object of isKept ? [] : gone) if (!this.#heads.get(keyOf(object))) this.#remove(keyOf(object));
    for (const object of fresh) this.#put(object);
    for (const head of this.#heads.values()) this.#relabel(head);
    // A change during the read has triggered the loop again. An object that is gone comes as a deletion.
    if (!this.synced && this.#stale().length === 0) this.#readers.complete();
  }

  /** Names of the objects with an outdated spec. */
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
    for await (const page of pagesOf(client, resource, { ...selection, limit: PAGE_SIZE, signal }))
      items.push(...page.items);
    return items.map(withoutStatus);
  }

  /** The CRD is absent or being deleted; or it was created again, and no object of the kind exists since. */
  async #wentWithCrd(gone: readonly T[], signal: AbortSignal): Promise<boolean> {
    const { client, resource } = this.#options;
    const { items } = await client.list(CRDS, { fieldSelector: `metadata.name=${crdName(resource)}`, signal });
    const since = establishedSince(items[0]);
    if (since === undefined) return true;
    return (
      this.#heads.size === 0 && gone.every(({ metadata: { creationTimestamp = '' } }) => creationTimestamp < since)
    );
  }

  /** Adds an object that was read, unless it was deleted meanwhile. */
  #put(object: T): void {
    const key = object.metadata.name ?? '';
    const old = this.#items.get(key);
    const isSame = old?.metadata.uid === object.metadata.uid && old?.metadata.generation === object.metadata.generation;
    if (isSame || !this.#heads.get(key)) return;
    this.#items.set(key, object);
    this.#readers.tell(changesOf(key, old, object));
  }

  /** Labels and annotations change without a new generation, and are in the watched metadata. */
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
    this.#readers.tell([{ type: 'modified', key, object, old }]);
  }

  #remove(key: string): void {
    const object = this.#items.get(key)!;
    this.#items.delete(key);
    this.#readers.tell([{ type: 'deleted', key, object }]);
  }
}

function withoutStatus<T extends KubeObject>(object: T): T {
  return { ...dropManagedFields(object), status: undefined };
}
