/**
 * The Speaker object of this node in the API server: made when missing, owned by its Node (so that it goes with it). Nobody else writes
 * it, so its status is patched as a whole, without comparing and swapping.
 */
import type { ObjectMeta } from '../lib/api/object.ts';
import type { Node } from '../lib/api/service.ts';
import type { SpeakerObject } from '../lib/api/speaker-types.ts';
import type { KubeClient } from '../lib/kube/client.ts';
import { isNotFound } from '../lib/kube/errors.ts';
import { SPEAKERS } from '../lib/kube/resource.ts';
import type { StatusStore } from './report.ts';
import type { SpeakerStatus } from './status.ts';

export interface SpeakerObjectOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'patch'>;
  readonly nodeName: string;
  /** The Node as last seen; undefined when there is none. */
  readonly node: () => Node | undefined;
}

export class SpeakerObjectStore implements StatusStore {
  readonly #options: SpeakerObjectOptions;
  /** The uid of the Node that owns the object, as far as we know. */
  #ownerUid: string | undefined;

  constructor(options: SpeakerObjectOptions) {
    this.#options = options;
  }

  async read(signal: AbortSignal): Promise<SpeakerStatus | undefined> {
    const { client, nodeName } = this.#options;
    try {
      const object = await client.get(SPEAKERS, { name: nodeName }, { signal });
      this.#ownerUid = object.metadata.ownerReferences?.at(0)?.uid;
      return object.status;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async write(status: SpeakerStatus, signal: AbortSignal): Promise<void> {
    try {
      await this.#own(signal);
      await this.#patchStatus(status, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await this.#create(signal);
      await this.#patchStatus(status, signal);
    }
  }

  async #patchStatus(status: SpeakerStatus, signal: AbortSignal): Promise<void> {
    const { client, nodeName } = this.#options;
    // In a merge patch (RFC 7396) what is absent stays; what may be absent here is said to go.
    const body = { status: { routerId: null, localAs: null, ...status, versions: { bird: null, ...status.versions } } };
    await client.patch(SPEAKERS, { name: nodeName }, body, { type: 'merge', subresource: 'status', signal });
  }

  async #create(signal: AbortSignal): Promise<void> {
    const { client, nodeName } = this.#options;
    const owner = this.#owner();
    const metadata = { name: nodeName, ...(owner && { ownerReferences: [owner] }) };
    const object: SpeakerObject = { apiVersion: 'skycap.io/v1alpha1', kind: 'Speaker', metadata };
    await client.create(SPEAKERS, object, { signal });
    this.#ownerUid = owner?.uid;
  }

  /** A Node that was deleted and made again has another uid; the object would be collected with the former one. */
  async #own(signal: AbortSignal): Promise<void> {
    const { client, nodeName } = this.#options;
    const owner = this.#owner();
    if (!owner || owner.uid === this.#ownerUid) return;
    await client.patch(
      SPEAKERS,
      { name: nodeName },
      { metadata: { ownerReferences: [owner] } },
      { type: 'merge', signal },
    );
    this.#ownerUid = owner.uid;
  }

  #owner(): NonNullable<ObjectMeta['ownerReferences']>[number] | undefined {
    const { name, uid } = this.#options.node()?.metadata ?? {};
    return name && uid ? { apiVersion: 'v1', kind: 'Node', name, uid } : undefined;
  }
}
