/** The BgpPeers whose routers are to get an address. PURE. */
import type { BgpPeerObject } from '../../../api/bgp/bgp-types.ts';
import { parseBgpPeer } from '../../../api/bgp/parse-bgp-peer.ts';
import type { Eip } from '../../../api/eip/eip.ts';
import { selectsPeer } from '../../../api/eip/eip-bgp.ts';
import type { World } from '../../world.ts';

/** Those that the Eip and the Service select and that carry the family of the Eip. */
export function peersFor(world: World, eip: Eip): BgpPeerObject[] {
  return selectedPeers(world, eip).filter((peer) => carriesFamily(peer, eip));
}

export function selectedPeers({ read }: World, { bgp }: Eip): BgpPeerObject[] {
  return read.bgpPeers.items.filter(({ metadata }) => selectsPeer(bgp?.peers ?? [], metadata));
}

function carriesFamily(peer: BgpPeerObject, { range }: Eip): boolean {
  const parsed = parseBgpPeer(peer);
  return !parsed.ok || (parsed.value.families?.includes(range.family) ?? true);
}
