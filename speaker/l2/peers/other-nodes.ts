/** The other nodes, for decisions about addresses that some of the nodes announce: from their Nodes, their Speakers and who lives. PURE but for the memory of the last. */
import { isInMaintenance, nodeState } from '../../../lib/announce/node-state.ts';
import type { OtherNode } from '../../../lib/announce/other-node.ts';
import type { BgpPeerObject } from '../../../lib/api/bgp/bgp-types.ts';
import { DEFAULT_MAINTENANCE } from '../../../lib/api/bgp/maintenance.ts';
import { parseBgpConf } from '../../../lib/api/bgp/parse-bgp-conf.ts';
import { parseBgpPeer } from '../../../lib/api/bgp/parse-bgp-peer.ts';
import { jsonKey } from '../../../lib/api/meta/json-key.ts';
import type { Node } from '../../../lib/api/service/service.ts';
import type { SpeakerObject } from '../../../lib/api/skycap/speaker-types.ts';
import type { Family } from '../../../lib/net/address.ts';
import type { Snapshot } from '../../cluster/snapshot.ts';

export interface FleetView {
  readonly speakers: readonly SpeakerObject[];
  readonly node: (name: string) => Node | undefined;
  /** Names. */
  readonly live: ReadonlySet<string>;
}

/** Whether an Eip limits how many nodes announce an address. */
export function limitsAnnouncers({ eips }: Pick<Snapshot, 'eips'>): boolean {
  return [...eips.values()].some((eip) => eip.ok && eip.value.bgp?.announcers !== undefined);
}

/** Gives the same array as before where nothing is different: decisions are made anew for another. */
export class OtherNodes {
  #text: string | undefined;
  #others: readonly OtherNode[] = [];

  take(fleet: FleetView, snapshot: Pick<Snapshot, 'nodeName' | 'bgpConf' | 'bgpPeers'>): readonly OtherNode[] {
    const others = otherNodes(fleet, snapshot);
    const text = jsonKey(others);
    if (text !== this.#text) this.#others = others;
    this.#text = text;
    return this.#others;
  }
}

function otherNodes(
  { speakers, node, live }: FleetView,
  { nodeName, bgpConf, bgpPeers }: Pick<Snapshot, 'nodeName' | 'bgpConf' | 'bgpPeers'>,
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
