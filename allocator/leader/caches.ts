/** The caches of the kinds whose status the allocator writes, each with its own writes in front, and the indexes that only statuses are made from. */
import type { BgpConfObject, BgpPeerObject } from '../../lib/api/bgp/bgp-types.ts';
import type { EipObject } from '../../lib/api/eip/eip-types.ts';
import type { Protocols } from '../../lib/api/eip/protocols.ts';
import { Announcers } from '../../lib/reach/announcers.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { MutationCache } from '../cluster/mutation-cache.ts';
import { ClaimsByEip } from '../status/claims-by-eip.ts';

export class Caches {
  readonly eips: MutationCache<EipObject>;
  readonly bgpPeers: MutationCache<BgpPeerObject>;
  readonly bgpConfs: MutationCache<BgpConfObject>;
  readonly claimsByEip: ClaimsByEip;
  readonly announcers: Announcers;

  constructor({ stores, eips }: ClusterState, protocols: Protocols) {
    this.eips = new MutationCache(stores.eips);
    this.bgpPeers = new MutationCache(stores.bgpPeers);
    this.bgpConfs = new MutationCache(stores.bgpConfs);
    this.claimsByEip = new ClaimsByEip(stores.claims, eips);
    this.announcers = new Announcers(stores, protocols);
    stores.eips.subscribe(() => this.claimsByEip.reset());
  }
}
