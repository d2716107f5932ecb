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
    aBgpPeer('bfd', {
      conf: { neighborAddress: '192.0.2.6' },
      bfd: { enabled: true, receiveIntervalMilliseconds: 50, detectMultiplier: 5, passiveMode: true },
      ttlSecurity: { enabled: true },
      transport: { localAddress: '192.0.2.11', bindInterface: 'eth1' },
    }),
    aBgpPeer('dynamic', {
      conf: { neighborAddress: '', neighborPrefix: '198.18.7.0/24', peerAs: 0, dynamicPeerAs: 'internal' },
    }),
    aBgpPeer('link-local', {
      conf: { neighborAddress: 'fe80::1', neighborInterface: 'eth1', peerAs: 0, dynamicPeerAs: 'external' },
      gracefulRestart: { restartTime: 120, longlivedEnabled: true, staleRoutesTime: 600 },
    }),
    aBgpPeer('two-hops', {
      conf: { neighborAddress: '203.0.113.2', vrf: 'red' },
      ttlSecurity: { enabled: true, ttlMin: 254 },
      gracefulRestart: { helperOnly: true },
    }),
    aBgpPeer('unnumbered', {
      conf: { neighborAddress: '', neighborInterface: 'eth2', peerAs: 0, dynamicPeerAs: 'external' },
    }),
    aBgpPeer('elsewhere', { conf: { neighborAddress: '192.0.2.4' }, nodeSelector: { matchLabels: { rack: 'b' } } }),
    aBgpPeer('broken', { conf: { neighborAddress: '192.0.2.5"; }' } }),
  ],
});
