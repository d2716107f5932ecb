/** One BgpPeer or BgpConf: its status and conditions from the Speakers, OpenELB's finalizers off. */
import type { BgpConfObject, BgpPeerObject } from '../../lib/api/bgp/bgp-types.ts';
import { parseBgpConf } from '../../lib/api/bgp/parse-bgp-conf.ts';
import { parseBgpPeer } from '../../lib/api/bgp/parse-bgp-peer.ts';
import { BGP_CONF_NAME } from '../../lib/api/keys.ts';
import { keyFor } from '../../lib/api/meta/object.ts';
import { type FoundPolicy, findPolicy } from '../../lib/api/policy/find-policy.ts';
import { BGP_CONFS, BGP_PEERS } from '../../lib/kube/resource.ts';
import type { KeyRest } from '../../lib/process/loop/keyed-queue.ts';
import type { MutationCache } from '../cluster/mutation-cache.ts';
import type { Deps } from '../deps.ts';
import { bgpConfStatus } from './bgp-conf-status.ts';
import { bgpPeerEvents } from './bgp-peer-events.ts';
import { bgpPeerStatus } from './bgp-peer-status.ts';
import type { Unreached } from './unreached-nodes.ts';
import { bothDone, restAfter, type StatusWriter, takeFinalizersOff, writeStatus } from './write-status.ts';

/** Keys of the one queue for both kinds. */
export const peerKey = (name: string): string => `peer/${name}`;
export const confKey = (name: string): string => `conf/${name}`;

export interface BgpFinders {
  /** Why the cluster refuses to write the object of a key. */
  readonly refusedOf: (key: string) => string | undefined;
  /** The nodes whose routes the router of a BgpPeer is to get, and no router gets. */
  readonly unreachedOf: (peer: string) => Unreached | undefined;
}

export class BgpReconciler {
  readonly #deps: Deps;
  readonly #peers: StatusWriter<BgpPeerObject>;
  readonly #confs: StatusWriter<BgpConfObject>;
  readonly #finders: BgpFinders;

  constructor(
    deps: Deps,
    caches: { readonly peers: MutationCache<BgpPeerObject>; readonly confs: MutationCache<BgpConfObject> },
    finders: BgpFinders,
  ) {
    this.#deps = deps;
    this.#finders = finders;
    this.#peers = { client: deps.client, resource: BGP_PEERS, cache: caches.peers };
    this.#confs = { client: deps.client, resource: BGP_CONFS, cache: caches.confs };
  }

  /** @param key made by {@link peerKey} or {@link confKey}. */
  async reconcile(key: string, signal: AbortSignal): Promise<KeyRest | undefined> {
    const [kind, name = ''] = key.split('/');
    const nodes = kind === 'peer' ? await this.#peer(name, signal) : await this.#conf(name, signal);
    return nodes === undefined ? undefined : restAfter(nodes);
  }

  /** @returns the number of nodes in the status; undefined if nothing was written. */
  async #peer(name: string, signal: AbortSignal): Promise<number | undefined> {
    const object = this.#peers.cache.get(name);
    if (!object) return undefined;
    const conf = this.#confs.cache.get(BGP_CONF_NAME);
    const status = bgpPeerStatus({
      object,
      parsed: parseBgpPeer(object),
      refused: this.#finders.refusedOf(peerKey(name)),
      unreached: this.#finders.unreachedOf(name),
      speakers: [...this.#deps.cluster.stores.speakers.values()],
      hasBgpConf: conf !== undefined && parseBgpConf(conf).ok,
      protocols: this.#deps.config.protocols,
      nowMs: this.#deps.nowMs(),
    });
    const wrote = await bothDone(
      () => this.#writePeer(object, status, signal),
      () => takeFinalizersOff(this.#peers, name, signal),
    );
    return wrote ? Object.keys(status.nodesPeerStatus ?? {}).length : undefined;
  }

  async #writePeer(object: BgpPeerObject, status: BgpPeerObject['status'], signal: AbortSignal): Promise<boolean> {
    const wrote = await writeStatus(this.#peers, object, status, signal);
    if (wrote) for (const event of bgpPeerEvents(object.status, status)) this.#deps.events.record(object, event);
    return wrote;
  }

  async #conf(name: string, signal: AbortSignal): Promise<number | undefined> {
    const object = this.#confs.cache.get(name);
    if (!object) return undefined;
    const status = bgpConfStatus({
      object,
      parsed: parseBgpConf(object),
      policy: this.#policyOf(object),
      refused: this.#finders.refusedOf(confKey(name)),
      speakers: [...this.#deps.cluster.stores.speakers.values()],
      nowMs: this.#deps.nowMs(),
    });
    const wrote = await bothDone(
      () => writeStatus(this.#confs, object, status, signal),
      () => takeFinalizersOff(this.#confs, name, signal),
    );
    return wrote ? Object.keys(status.nodesConfStatus ?? {}).length : undefined;
  }

  #policyOf(object: BgpConfObject): FoundPolicy | undefined {
    const { config, cluster } = this.#deps;
    const parsed = parseBgpConf(object);
    if (!parsed.ok || parsed.value.policy === undefined) return undefined;
    const key = keyFor(config.namespace, parsed.value.policy);
    return findPolicy(key, cluster.stores.configMaps.get(key));
  }
}
