/** The node's end of a session: from which address it speaks, and whether it listens for the router. */

import type { NodeState } from '../announce/node-state.ts';
import { type BgpConf, type BgpPeer, DIAL_ONLY_PORT, neighborFamily } from '../api/bgp/bgp.ts';
import type { Address } from '../net/address.ts';
import { allOf, rangeContains, sameRange } from '../net/range.ts';

export interface LocalEnd {
  /** Absent: the kernel chooses. */
  readonly address?: Address;
  readonly port: number;
  /** The router can connect: `port` is one that routers know. */
  readonly listens: boolean;
  /** BIRD listens on `address` alone. Else it listens on every address. */
  readonly strictBind: boolean;
}

/** Where `spec.listenAddresses` has no address of the node for the session, BIRD listens where nobody dials. */
export function localEndOf(
  peer: Pick<BgpPeer, 'neighbor' | 'localAddress'>,
  node: NodeState,
  { listenPort, dialOnly, listenRanges }: Pick<BgpConf, 'listenPort' | 'dialOnly' | 'listenRanges'>,
): LocalEnd {
  const family = neighborFamily(peer.neighbor);
  const chosen = peer.localAddress && { address: peer.localAddress };
  if (dialOnly) return { ...chosen, port: listenPort, listens: false, strictBind: false };
  const ofFamily = listenRanges?.filter((range) => range.family === family);
  const isEverywhere = !ofFamily || ofFamily.some((range) => sameRange(range, allOf(family)));
  if (isEverywhere) return { ...chosen, port: listenPort, listens: true, strictBind: false };
  const isLinkLocal = peer.neighbor.kind === 'linkLocal' || peer.neighbor.kind === 'interface';
  const own = isLinkLocal ? undefined : (peer.localAddress ?? node.addresses[family]);
  if (own && ofFamily.some((range) => rangeContains(range, own)))
    return { address: own, port: listenPort, listens: true, strictBind: true };
  return { ...chosen, port: DIAL_ONLY_PORT, listens: false, strictBind: false };
}
