/**
 * The other nodes, as this node knows them: their Leases, their Speakers and their Nodes. This node watches them only while an Eip of layer 2 exists: clusters
 * with BGP alone do not pay for it.
 */

import type { Registry } from 'prom-client';
import { sameTrimmed, trimNode } from '../../../lib/announce/trim-objects.ts';
import { isNewer } from '../../../lib/api/meta/resource-version.ts';
import type { Node } from '../../../lib/api/service/service.ts';
import type { SpeakerObject } from '../../../lib/api/skycap/speaker-types.ts';
import type { Followed } from '../../../lib/kube/cache/cache-check.ts';
import { listAll } from '../../../lib/kube/cache/pages.ts';
import { Reflector } from '../../../lib/kube/cache/reflector.ts';
import type { KubeWatcher } from '../../../lib/kube/client.ts';
import { LEASES, type Lease } from '../../../lib/kube/election/lease.ts';
import { NODES, SPEAKERS } from '../../../lib/kube/resource.ts';
import type { Logger } from '../../../lib/process/log.ts';
import { slimSpeaker } from '../../cluster/trim-objects.ts';
import { LAYER2_LABEL, leaseName } from './lease-keeper.ts';
import { nodeOf } from './liveness-watch.ts';

export interface FleetOptions {
  readonly client: KubeWatcher;
  /** The namespace of the Leases. */
  readonly namespace: string;
  readonly log: Logger;
  readonly registry?: Registry;
  /** A Speaker or a Node has changed. */
  readonly onChange: () => void;
  /** @param lease undefined after a deletion. */
  readonly onLease: (node: string, lease: Lease | undefined) => void;
}

/** The deadline of a read from the API server itself. */
const ANSWER_MS = 2_000;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #speakers: Reflector<SpeakerObject>;
  readonly #nodes: Reflector<Node>;
  readonly #leases: Reflector<Lease>;
  /** Speakers read from the API server itself, as long as they are newer than those of the watch. */
  readonly #ahead = new Map<string, SpeakerObject>();

  constructor(options: FleetOptions) {
    const { client, namespace, log, registry, onChange, onLease } = options;
    this.#options = options;
    // Most writes to these objects change only fields that the transform drops.
    const common = { client, log, isSame: sameTrimmed, ...(registry && { registry }) };
    const lease = { resource: LEASES, namespace, labelSelector: LAYER2_LABEL, name: 'layer2-leases' };
    this.#speakers = new Reflector({ ...common, resource: SPEAKERS, transform: slimSpeaker, name: 'layer2-speakers' });
    this.#nodes = new Reflector({ ...common, resource: NODES, transform: trimNode, name: 'layer2-nodes' });
    this.#leases = new Reflector({ ...common, ...lease });
    this.#speakers.subscribe(() => onChange());
    this.#nodes.subscribe(() => onChange());
    this.#leases.subscribe(({ type, object }) => onLease(nodeOf(object), type === 'deleted' ? undefined : object));
  }

  /** By name. */
  get caches(): Readonly<Record<string, Followed & { readonly synced: boolean }>> {
    return { 'layer2-speakers': this.#speakers, 'layer2-nodes': this.#nodes, 'layer2-leases': this.#leases };
  }

  /** An unknown cache is not an empty one. */
  get synced(): boolean {
    return Object.values(this.caches).every(({ synced }) => synced);
  }

  node(name: string): Node | undefined {
    return this.#nodes.get(name);
  }

  speaker(name: string): SpeakerObject | undefined {
    const watched = this.#speakers.get(name);
    const ahead = this.#ahead.get(name);
    return ahead && watched && isNewer(ahead, watched) ? ahead : watched;
  }

  speakers(): SpeakerObject[] {
    return [...this.#speakers.values()].map((one) => this.speaker(one.metadata.name ?? '') ?? one);
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const stores = [this.#speakers, this.#nodes, this.#leases];
    for (const store of stores) void store.waitForSync(signal).then(this.#options.onChange);
    await Promise.all(stores.map((store) => store.run(signal)));
  }

  /**
   * Reads one Lease by name, or all if several are wanted: after a loss every node reads, and there may be a thousand nodes.
   *
   * @param names of the nodes.
   */
  readLeases([first, ...more]: readonly string[], signal: AbortSignal): Promise<Lease[]> {
    const one = first !== undefined && more.length === 0 && { fieldSelector: `metadata.name=${leaseName(first)}` };
    const { client, namespace } = this.#options;
    return listAll(client, LEASES, { namespace, labelSelector: LAYER2_LABEL, ...one, timeoutMs: ANSWER_MS, signal });
  }

  /** Reads the Speakers from the API server itself: a watch may have stalled. */
  async refresh(signal: AbortSignal): Promise<void> {
    for (const speaker of await listAll(this.#options.client, SPEAKERS, { timeoutMs: ANSWER_MS, signal })) {
      this.#ahead.set(speaker.metadata.name ?? '', slimSpeaker(speaker));
    }
    for (const [name, ahead] of this.#ahead) {
      const watched = this.#speakers.get(name);
      if (!watched || !isNewer(ahead, watched)) this.#ahead.delete(name);
    }
    this.#options.onChange();
  }
}
