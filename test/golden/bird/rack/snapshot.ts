/** A node whose AS number is that of its rack. */
import { aBgpConf, aNode, aService, aSnapshot } from '../../../support/speaker-builders.ts';

export const snapshot = aSnapshot({
  nodes: [aNode({ metadata: { name: 'node-1', labels: { 'openelb.kubesphere.io/rack': 'east' } } })],
  bgpConfs: [aBgpConf({ asPerRack: { east: 65001, west: 65002 }, routerId: '10.1.1.1' })],
  services: [aService()],
});
