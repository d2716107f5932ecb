/**
 * The Speaker object of this node. The store creates it if it is missing, with the Node as its owner. Only this speaker writes it, so the store patches the status
 * without a resourceVersion. Two parts of the speaker write fields of their own: `report.ts`, and layer 2 for the other nodes (`layer2-status-writer.ts`).
 */
import type { ObjectMeta } from '../../lib/api/meta/object.ts';
import type { Node } from '../../lib/api/service/service.ts';
import type { SpeakerObject } from '../../lib/api/skycap/speaker-types.ts';
import type { Store } from '../../lib/kube/cache/store.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isNotFound } from '../../lib/kube/errors.ts';
import { SPEAKERS } from '../../lib/kube/resource.ts';
import { systemClock } from '../../lib/process/clock.ts';
import type { Layer2Store } from '../l2/ownership/layer2-status-writer.ts';
import type { StatusStore } from './report.ts';
import type { ReportedStatus, SpeakerStatus } from './status.ts';

export interface SpeakerObjectOptions {
  readonly client: Pick<KubeClient, 'create' | 'patch' | 'list'>;
  readonly nodeName: string;
  /** The store has this node's object alone. */
  readonly speakers: Pick<Store<SpeakerObject>, 'synced' | 'subscribe'>;
  /** The Node in the cache; undefined without a Node. */
  readonly node: () => Node | undefined;
  /** @default the system's */
  readonly monotonicMs?: () => number;
}

/** The number of nodes rarely changes. */
const COUNT_ANEW_MS = 10 * 60_000;

export class SpeakerObjectStore implements StatusStore, Layer2Store {
  readonly #options: SpeakerObjectOptions;
  /** The object of the last event or write, whichever came last. An event from before a write causes one more write, without effect. */
  #object: SpeakerObject | undefined;
  #fleet: { readonly size: number; readonly countedMs: number } | undefined;

  constructor(options: SpeakerObjectOptions) {
    this.#options = options;
    options.speakers.subscribe(({ type, object }) => {
      this.#object = type === 'deleted' ? undefined : object;
    });
  }

  get synced(): boolean {
    return this.#options.speakers.synced;
  }

  get status(): SpeakerStatus | undefined {
    return this.#object?.status;
  }

  async write(status: ReportedStatus, signal: AbortSignal): Promise<void> {
    await this.patchStatus(withAbsences(status), signal);
  }

  /** A merge patch: absent fields stay. */
  async patchStatus(part: object, signal: AbortSignal): Promise<void> {
    try {
      this.#object = (await this.#own(signal)) ?? (await this.#create(signal));
      this.#object = await this.#patch({ status: part }, signal, 'status');
    } catch (error) {
      // The object was deleted meanwhile; the next attempt creates it.
      if (isNotFound(error)) this.#object = undefined;
      throw error;
    }
  }

  /** Lists one object; the answer has the number of the remaining ones. */
  async fleetSize(signal: AbortSignal): Promise<number> {
    const { client, monotonicMs = systemClock.monotonicMs } = this.#options;
    if (!this.#fleet || monotonicMs() - this.#fleet.countedMs > COUNT_ANEW_MS) {
      const { items, remaining = 0 } = await client.list(SPEAKERS, { limit: 1, signal });
      this.#fleet = { size: items.length + remaining, countedMs: monotonicMs() };
    }
    return this.#fleet.size;
  }

  /** A Node that was deleted and created again has another UID; the garbage collector would delete the object with the former Node. */
  async #own(signal: AbortSignal): Promise<SpeakerObject | undefined> {
    const owner = this.#owner();
    const isOwned = !owner || owner.uid === this.#object?.metadata.ownerReferences?.at(0)?.uid;
    if (!this.#object || isOwned) return this.#object;
    return await this.#patch({ metadata: { ownerReferences: [owner] } }, signal);
  }

  async #create(signal: AbortSignal): Promise<SpeakerObject> {
    const { client, nodeName } = this.#options;
    const owner = this.#owner();
    const metadata = { name: nodeName, ...(owner && { ownerReferences: [owner] }) };
    return await client.create(SPEAKERS, { apiVersion: 'skycap.io/v1alpha1', kind: 'Speaker', metadata }, { signal });
  }

  async #patch(body: object, signal: AbortSignal, subresource?: 'status'): Promise<SpeakerObject> {
    const { client, nodeName } = this.#options;
    const options = { type: 'merge' as const, signal, ...(subresource && { subresource }) };
    return await client.patch(SPEAKERS, { name: nodeName }, body, options);
  }

  #owner(): NonNullable<ObjectMeta['ownerReferences']>[number] | undefined {
    const { name, uid } = this.#options.node()?.metadata ?? {};
    return name && uid ? { apiVersion: 'v1', kind: 'Node', name, uid } : undefined;
  }
}

/** In a merge patch (RFC 7396) an absent field stays, and null removes a field. */
function withAbsences(status: ReportedStatus): object {
  return {
    routerId: null,
    localAs: null,
    layer2Conflicts: null,
    networks: null,
    gateways: null,
    formerEips: null,
    ...status,
    versions: { bird: null, ...status.versions },
  };
}
