/** The BgpPeers whose routers are to get an address. PURE. */
import type { BgpPeerObject } from '../../../api/bgp/bgp-types.ts';
import { parseBgpConf } from '../../../api/bgp/parse-bgp-conf.ts';
import { parseBgpPeer } from '../../../api/bgp/parse-bgp-peer.ts';
import type { Eip } from '../../../api/eip/eip.ts';
import { selectsPeer } from '../../../api/eip/eip-bgp.ts';
import { BGP_CONF_NAME } from '../../../api/keys.ts';
import { keyOf } from '../../../api/meta/object.ts';
import type { Family } from '../../../net/address.ts';
import type { World } from '../../world.ts';

/** Those that the Eip and the Service select and that carry the family of the Eip. */
export function peersFor(world: World, eip: Eip): BgpPeerObject[] {
  const { family } = eip.range;
  const ofConf = confFamilies(world);
  return selectedPeers(world, eip).filter((peer) => (peerFamilies(peer) ?? ofConf)?.includes(family) ?? true);
}

export function selectedPeers({ read }: World, { bgp }: Eip): BgpPeerObject[] {
  return read.bgpPeers.items.filter(({ metadata }) => selectsPeer(bgp?.peers ?? [], metadata));
}

/** Undefined for those of the BgpConf. */
export function peerFamilies(peer: BgpPeerObject): readonly Family[] | undefined {
  const parsed = parseBgpPeer(peer);
  return parsed.ok ? parsed.value.families : undefined;
}

/** Undefined for both. */
function confFamilies({ read }: World): readonly Family[] | undefined {
  const conf = read.bgpConfs.items.find((one) => keyOf(one) === BGP_CONF_NAME);
  const parsed = conf && parseBgpConf(conf);
  return parsed?.ok ? parsed.value.families : undefined;
}
