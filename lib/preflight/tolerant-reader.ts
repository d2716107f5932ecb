/** Reads for the preflight: a read that the user, or the component, may not make becomes a note, and the object or the list counts as absent. */
import type { KubeObject } from '../api/meta/object.ts';
import type { KubeClient, ListOptions, ListPage, ObjectRef } from '../kube/client.ts';
import { isForbidden, isNotFound, KubeError } from '../kube/errors.ts';
import type { Resource } from '../kube/resource.ts';
import type { Unread } from '../snapshot/cluster-read.ts';

const NO_OBJECTS = { items: [], resourceVersion: '' };

export class TolerantReader implements Pick<KubeClient, 'get' | 'list'> {
  readonly unread: Unread[] = [];
  readonly #client: Pick<KubeClient, 'get' | 'list'>;
  readonly #signal: AbortSignal;

  constructor(client: Pick<KubeClient, 'get' | 'list'>, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** @throws {KubeError} NotFound for an object that the user may not read. */
  async get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T> {
    try {
      return await this.#client.get(resource, ref, { signal: this.#signal });
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.#note(resource, 'get', ref);
      const { statusMessage } = error;
      throw new KubeError(`get ${resource.plural} "${ref.name}"`, {
        ...{ statusCode: 404, reason: 'NotFound', statusMessage },
      });
    }
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ListPage<T>> {
    try {
      return await this.#client.list(resource, { ...options, signal: this.#signal });
    } catch (error) {
      if (isNotFound(error)) return NO_OBJECTS;
      if (!isForbidden(error)) throw error;
      this.#note(resource, 'list', options);
      return NO_OBJECTS;
    }
  }

  /** Whether the user may not read objects of the kind. */
  lacks({ plural }: Resource<KubeObject>): boolean {
    return this.unread.some(({ resource }) => resource === plural);
  }

  #note({ plural }: Resource<KubeObject>, verb: 'get' | 'list', ref: Partial<ObjectRef>): void {
    const { name, namespace } = ref;
    const which = `${plural}${name === undefined ? '' : ` ${name}`}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
    const message = `You may not ${verb} ${which}: what depends on it was not checked.`;
    this.unread.push({ resource: plural, reason: 'Forbidden', message, ...(namespace !== undefined && { namespace }) });
  }
}
