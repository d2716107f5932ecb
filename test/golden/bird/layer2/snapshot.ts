/** Nodes that watch each other: two on the same network, one some hops away, one by IPv6. */
import { parseAddress } from '../../../../lib/net/address.ts';
import { aService, aSnapshot } from '../../../support/speaker-builders.ts';

const neighbor = (name: string, address: string, local: string, isDirect: boolean) => ({
  name,
  address: parseAddress(address)!,
  local: parseAddress(local)!,
  isDirect,
});

export const snapshot = aSnapshot({
  services: [aService()],
  bfdNeighbors: [
    neighbor('node-3', '192.0.2.13', '192.0.2.11', true),
    neighbor('node-2', '192.0.2.12', '192.0.2.11', true),
    neighbor('far-1', '203.0.113.5', '192.0.2.11', false),
    neighbor('six-1', 'fd00::12', 'fd00::11', true),
  ],
});
