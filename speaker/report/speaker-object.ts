/**
 * The Speaker object of this node in the API server: made when missing, owned by its Node (so that it goes with it). Nobody else writes
 * it, so its status is patched without comparing and swapping. Two write it here, each its own fields: the report, and what is told to other nodes (`l2/publisher.ts`).
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
  /** Holds this node's object alone. */
  readonly speakers: Pick<Store<SpeakerObject>, 'synced' | 'subscribe'>;
  /** The Node as last seen; undefined when there is none. */
  readonly node: () => Node | undefined;
  /** @default the system's */
  readonly monotonicMs?: () => number;
}

/** The number of nodes changes seldom. */
const COUNT_ANEW_MS = 10 * 60_000;

export class SpeakerObjectStore implements StatusStore, Layer2Store {
  readonly #options: SpeakerObjectOptions;
  /** As last seen or written, whichever came last. A store that lags behind a write costs one more write, which changes nothing. */
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

  /** A merge patch: what is not in it stays. */
  async patchStatus(part: object, signal: AbortSignal): Promise<void> {
    try {
      this.#object = (await this.#own(signal)) ?? (await this.#create(signal));
      this.#object = await this.#patch({ status: part }, signal, 'status');
    } catch (error) {
      // Deleted meanwhile: the next attempt makes it.
      if (isNotFound(error)) this.#object = undefined;
      throw error;
    }
  }

  /** Asks for one object, and is told how many there are beside it. */
  async fleetSize(signal: AbortSignal): Promise<number> {
    const { client, monotonicMs = systemClock.monotonicMs } = this.#options;
    if (!this.#fleet || monotonicMs() - this.#fleet.countedMs > COUNT_ANEW_MS) {
      const { items, remaining = 0 } = await client.list(SPEAKERS, { limit: 1, signal });
      this.#fleet = { size: items.length + remaining, countedMs: monotonicMs() };
    }
    return this.#fleet.size;
  }

  /** A Node that was deleted and made again has another uid; the object would be collected with the former one. */
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

/** In a merge patch (RFC 7396) what is absent stays as it was; so what may be absent here is said to go. */
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
