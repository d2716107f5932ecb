/** Attributes of every kind, aggregates with and without host routes, routes for one BgpPeer of three, and a Service with communities and BgpPeers of its own. */
import { aBgpPeer, anEip, aService, aSnapshot } from '../../../support/speaker-builders.ts';

export const snapshot = aSnapshot({
  eips: [
    anEip('plain', { address: '192.0.2.128/25' }),
    anEip('web', {
      address: '198.51.100.0/24',
      bgp: {
        communities: [
          '65000:100',
          '65000:1:2',
          'rt:65000:100',
          'ro:192.0.2.1:100',
          'generic:0x4004fde8:1',
          'no-export',
        ],
        localPref: 200,
        med: 4_294_967_295,
        asPathPrepend: 2,
        aggregation: { ipv4: 24 },
        allowServiceOverrides: { communities: true, peers: true },
      },
    }),
    anEip('sum', {
      address: '203.0.113.0/24',
      bgp: { aggregation: { ipv4: 25, hostRoutes: false }, peers: { names: ['left'] } },
    }),
    anEip('six', {
      address: '2001:db8:100::/64',
      bgp: { med: 0, aggregation: { ipv6: 64 }, peers: { selector: { matchLabels: { rack: 'none' } } } },
    }),
  ],
  services: [
    aService({ name: 'plain', ips: ['192.0.2.200'], eip: 'plain' }),
    aService({ name: 'a', ips: ['198.51.100.1'], eip: 'web' }),
    aService({
      name: 'b',
      ips: ['198.51.100.2'],
      eip: 'web',
      annotations: { 'skycap.io/bgp-communities': '65000:7', 'skycap.io/bgp-peers': 'left,inside' },
    }),
    aService({ name: 'c', ips: ['203.0.113.1'], eip: 'sum' }),
    aService({ name: 'd', ips: ['203.0.113.129'], eip: 'sum' }),
    aService({ name: 'e', ips: ['2001:db8:100::1'], eip: 'six' }),
  ],
  bgpPeers: [
    aBgpPeer('left'),
    aBgpPeer('right', { conf: { neighborAddress: '192.0.2.2', localAs: 64999 } }),
    aBgpPeer('inside', { conf: { neighborAddress: '192.0.2.3', peerAs: 64512 } }),
  ],
});
