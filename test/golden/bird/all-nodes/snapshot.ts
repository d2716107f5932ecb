/** One router has a path by each node that may announce an address, another one the path by its node: none by a node in maintenance or a dead node. */
import {
  aBgpPeer,
  anEip,
  anEndpoint,
  anotherNode,
  aService,
  aSlice,
  aSnapshot,
} from '../../../support/speaker-builders.ts';

export const snapshot = aSnapshot({
  bgpPeers: [
    aBgpPeer('router-1', { nextHops: 'AllNodes' }),
    aBgpPeer('router-2', { conf: { neighborAddress: '192.0.2.2' } }),
  ],
  eips: [anEip('v4', { bgp: { communities: ['65000:100'], aggregation: { ipv4: 24 } } }), anEip('v6')],
  services: [
    aService({ ips: ['198.51.100.7', '2001:db8:100::7'] }),
    aService({ name: 'local', ips: ['198.51.100.8'], policy: 'Local' }),
  ],
  slices: [aSlice([anEndpoint('node-2'), anEndpoint('node-4')], { service: 'local' })],
  others: [
    anotherNode('node-2', 12),
    anotherNode('node-3', 13),
    anotherNode('node-4', 14, { inMaintenance: true }),
    anotherNode('node-5', 15, { isLive: false }),
  ],
});
