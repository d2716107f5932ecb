/** Gathers which nodes no router reaches, and says which BgpPeers have news of it. */
import { nodeState } from '../../lib/announce/node-state.ts';
import { localAsOf, rackOf } from '../../lib/api/bgp/bgp.ts';
import { parseBgpConf } from '../../lib/api/bgp/parse-bgp-conf.ts';
import { parseBgpPeer } from '../../lib/api/bgp/parse-bgp-peer.ts';
import { BGP_CONF_NAME } from '../../lib/api/keys.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { type Receiver, type Unreached, unreachedNodes } from './unreached-nodes.ts';

type Found = ReadonlyMap<string, Unreached>;

export class UnreachedWatch {
  readonly #cluster: Pick<ClusterState, 'stores' | 'eips'>;
  #found: Found | undefined;

  constructor(cluster: Pick<ClusterState, 'stores' | 'eips'>) {
    this.#cluster = cluster;
  }

  /** As the last look found it. */
  of(peer: string): Unreached | undefined {
    this.#found ??= this.#find();
    return this.#found.get(peer);
  }

  /** @returns names of BgpPeers of which something else is true than at the last look. */
  look(): readonly string[] {
    const before = this.#found;
    const found = this.#find();
    this.#found = found;
    const names = new Set([...(before?.keys() ?? []), ...found.keys()]);
    return [...names].filter((name) => JSON.stringify(before?.get(name)) !== JSON.stringify(found.get(name)));
  }

  #find(): Found {
    const { stores, eips } = this.#cluster;
    const raw = stores.bgpConfs.get(BGP_CONF_NAME);
    const conf = raw && parseBgpConf(raw);
    if (!conf?.ok || conf.value.announcedByCni) return new Map();
    const nodes = [...stores.speakers.values()].flatMap(({ metadata: { name = '' } }) => {
      const node = stores.nodes.get(name);
      const state = node && nodeState(name, node);
      return state && localAsOf(conf.value, state.labels) ? [state] : [];
    });
    const peers = [...stores.bgpPeers.values()].flatMap((object): Receiver[] => {
      const peer = parseBgpPeer(object);
      return peer.ok && !peer.value.announcedByCni ? [{ ...peer.value, labels: object.metadata.labels ?? {} }] : [];
    });
    return unreachedNodes({
      ...{ peers, eips: eips.all(), nodes, families: conf.value.families ?? [4, 6] },
      rackOf: ({ labels }) => rackOf(conf.value, labels),
    });
  }
}
