/** The caches of the kinds whose status the allocator writes, each with its own writes in front, and the indexes that only statuses are made from. */
import type { BgpConfObject, BgpPeerObject } from '../lib/api/bgp-types.ts';
import type { EipObject } from '../lib/api/eip-types.ts';
import { Announcers } from './announced/announcers.ts';
import { ClaimsByEip } from './claims-by-eip.ts';
import { Fresh } from './fresh.ts';
import type { World } from './world.ts';

export class Caches {
  readonly eips: Fresh<EipObject>;
  readonly bgpPeers: Fresh<BgpPeerObject>;
  readonly bgpConfs: Fresh<BgpConfObject>;
  readonly claimsByEip: ClaimsByEip;
  readonly announcers: Announcers;

  constructor({ stores, eips }: World) {
    this.eips = new Fresh(stores.eips);
    this.bgpPeers = new Fresh(stores.bgpPeers);
    this.bgpConfs = new Fresh(stores.bgpConfs);
    this.claimsByEip = new ClaimsByEip(stores.claims, eips);
    this.announcers = new Announcers(stores);
    stores.eips.subscribe(() => this.claimsByEip.reset());
  }
}
