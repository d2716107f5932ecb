/** `listenAddresses`: the node listens on its address in the prefix, and only dials by IPv6; the families and the graceful restart of the BgpConf. */
import { aBgpConf, aBgpPeer, aService, aSnapshot } from '../../../support/speaker-builders.ts';

export const snapshot = aSnapshot({
  services: [aService()],
  bgpConfs: [aBgpConf({ listenAddresses: ['192.0.2.0/24'], families: [0], gracefulRestart: { restartTime: 90 } })],
  bgpPeers: [
    aBgpPeer('v4'),
    aBgpPeer('v6', { conf: { neighborAddress: 'fd00::1' } }),
    aBgpPeer('v6-passive', { conf: { neighborAddress: 'fd00::2' }, transport: { passiveMode: true } }),
  ],
});
