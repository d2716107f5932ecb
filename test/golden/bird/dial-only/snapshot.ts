/** `listenPort: -1`: the nodes dial, and BIRD's socket is where nobody dials; a router that is to be waited for has no session. */
import { aBgpConf, aBgpPeer, aService, aSnapshot } from '../../../support/speaker-builders.ts';

export const snapshot = aSnapshot({
  services: [aService()],
  bgpConfs: [aBgpConf({ listenPort: -1 })],
  bgpPeers: [
    aBgpPeer('router'),
    aBgpPeer('waits', { conf: { neighborAddress: '192.0.2.2' }, transport: { passiveMode: true } }),
  ],
});
