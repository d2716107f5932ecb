/** The other nodes, for decisions about addresses that some of the nodes announce: from their Nodes, their Speakers and who lives. PURE. */
import type { EipsByName } from '../announce/eip-of-address.ts';
import { isInMaintenance, nodeState } from '../announce/node-state.ts';
import type { OtherNode } from '../announce/other-node.ts';
import type { BgpPeerObject } from '../api/bgp/bgp-types.ts';
import { DEFAULT_MAINTENANCE } from '../api/bgp/maintenance.ts';
import { parseBgpConf } from '../api/bgp/parse-bgp-conf.ts';
import { parseBgpPeer } from '../api/bgp/parse-bgp-peer.ts';
import type { Node } from '../api/service/service.ts';
import type { SpeakerObject } from '../api/skycap/speaker-types.ts';
import type { Family } from '../net/address.ts';
import type { BgpSource } from './next-hops.ts';

export interface FleetView {
  readonly speakers: readonly SpeakerObject[];
  readonly node: (name: string) => Node | undefined;
  /** Names. */
  readonly live: ReadonlySet<string>;
}

/** Whether an Eip limits how many nodes announce an address. */
export function limitsAnnouncers({ eips }: { readonly eips: EipsByName }): boolean {
  return [...eips.values()].some((eip) => eip.ok && eip.value.bgp?.announcers !== undefined);
}

export function otherNodes(
  { speakers, node, live }: FleetView,
  { nodeName, bgpConf, bgpPeers }: BgpSource & { readonly nodeName: string },
): OtherNode[] {
  const conf = bgpConf && parseBgpConf(bgpConf);
  const { maintenance, families } = conf?.ok ? conf.value : { maintenance: DEFAULT_MAINTENANCE, families: undefined };
  const peers = new Map(bgpPeers.map((peer) => [peer.metadata.name ?? '', peerOf(peer, families)]));
  return speakers
    .filter(({ metadata }) => metadata.name !== nodeName)
    .map(({ metadata: { name = '' }, status }) => {
      const state = nodeState(name, node(name));
      return {
        node: state,
        isLive: live.has(name),
        inMaintenance: isInMaintenance(state, maintenance),
        sessions: (status?.sessions ?? []).flatMap(({ peer }) => peers.get(peer) ?? []),
      };
    })
    .sort((a, b) => (a.node.name < b.node.name ? -1 : 1));
}

function peerOf(raw: BgpPeerObject, ofConf: readonly Family[] | undefined): OtherNode['sessions'][number] {
  const parsed = parseBgpPeer(raw);
  const families = (parsed.ok ? parsed.value.families : undefined) ?? ofConf ?? [4, 6];
  return { peer: raw.metadata.name ?? '', labels: raw.metadata.labels ?? {}, families };
}
