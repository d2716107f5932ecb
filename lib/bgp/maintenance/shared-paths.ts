/**
 * Finds whether a session of another node has a path by a node, by `nextHops: AllNodes` of a BgpPeer. PURE. The sessions of this node, and of nodes in maintenance, do not
 * count: they end with a reboot.
 */
import { isInMaintenance, type NodeState, nodeState } from '../../announce/node-state.ts';
import { rackOf } from '../../api/bgp/bgp.ts';
import { parseBgpConf } from '../../api/bgp/parse-bgp-conf.ts';
import type { Node } from '../../api/service/service.ts';
import type { SpeakerObject } from '../../api/skycap/speaker-types.ts';
import type { BgpSource } from '../next-hops.ts';

export function sharedPaths(
  { nodeName, bgpConf, bgpPeers }: BgpSource & { readonly nodeName: string },
  nodes: readonly Node[],
  /** By the name of the node. */
  statuses: ReadonlyMap<string | undefined, SpeakerObject['status']>,
): (node: NodeState) => boolean {
  const peers = new Set(bgpPeers.flatMap(({ metadata, spec }) => (spec?.nextHops === 'AllNodes' ? metadata.name : [])));
  const conf = bgpConf && parseBgpConf(bgpConf);
  if (peers.size === 0 || !conf?.ok) return () => false;
  const states = nodes.map((object) => nodeState(object.metadata.name ?? '', object));
  const sharing = states.filter((node) => {
    if (node.name === nodeName || isInMaintenance(node, conf.value.maintenance)) return false;
    return statuses.get(node.name)?.sessions?.some(({ peer, state }) => state === 'Established' && peers.has(peer));
  });
  const racks = new Set(sharing.map(({ labels }) => rackOf(conf.value, labels)));
  return ({ labels }) => racks.has(rackOf(conf.value, labels));
}
