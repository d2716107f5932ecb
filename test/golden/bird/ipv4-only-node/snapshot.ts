/** A node with IPv4 alone has no IPv6 channel and no IPv6 route. */
import { aNode, anEip, aService, aSnapshot } from '../../../support/speaker-builders.ts';

export const snapshot = aSnapshot({
  nodes: [aNode({ ips: ['192.0.2.11'] })],
  eips: [anEip('v4'), anEip('v6')],
  services: [aService(), aService({ name: 'six', ips: ['2001:db8:100::7'], eip: 'v6' })],
});
