/** Every field of BgpConf and BgpPeer that has a word in bird.conf. */
import { aBgpConf, aBgpPeer, aService, aSnapshot } from '../../../support/speaker-builders.ts';

export const snapshot = aSnapshot({
  services: [aService()],
  bgpConfs: [aBgpConf({ as: 4_200_000_000, routerId: '10.1.1.1', listenPort: 17900 })],
  bgpPeers: [
    aBgpPeer('eve.example.com', {
      conf: {
        neighborAddress: '203.0.113.1',
        peerAs: 4_294_967_295,
        localAs: 64999,
        authPassword: 'pa ss\\{};#é',
        description: 'left "rack";\n}\nextra',
      },
      ebgpMultihop: { enabled: true, multihopTtl: 3 },
      timers: { config: { holdTime: '9', keepaliveInterval: '2', connectRetry: '30' } },
      transport: { passiveMode: true, remotePort: 1790 },
    }),
    aBgpPeer('internal', { conf: { neighborAddress: 'fd00::1', peerAs: 4_200_000_000 } }),
    aBgpPeer('off', { conf: { neighborAddress: '192.0.2.2', adminDown: true } }),
    aBgpPeer('only-v6', {
      conf: { neighborAddress: '192.0.2.3' },
      afiSafis: [{ config: { family: { afi: 'AFI_IP6', safi: 'SAFI_UNICAST' } } }],
    }),
    aBgpPeer('elsewhere', { conf: { neighborAddress: '192.0.2.4' }, nodeSelector: { matchLabels: { rack: 'b' } } }),
    aBgpPeer('broken', { conf: { neighborAddress: '192.0.2.5"; }' } }),
  ],
});
