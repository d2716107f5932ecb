/** Taking the snapshot: unknown is not empty. */
import { SliceIndex } from '../../../../lib/announce/slice-index.ts';
import { takeSnapshot } from '../../../../lib/snapshot/snapshot.ts';
import { aBgpConf, aNode, anEip, aService, aSlice, objects } from '../../../support/speaker-builders.ts';

const sources = () => ({
  nodes: objects([aNode()]),
  services: objects([aService()]),
  labelledSlices: objects([aSlice([])]),
  foreignSlices: objects<ReturnType<typeof aSlice>>([]),
  eips: objects([anEip()]),
  bgpConfs: objects([aBgpConf()]),
  bgpPeers: objects<never>([]),
  configMaps: objects<never>([]),
});

it.each(Object.keys(sources()))('there is none while %s is not read completely', (name) => {
  const slices = new SliceIndex(sources());
  const snapshotOf = (given: ReturnType<typeof sources>) =>
    takeSnapshot({ nodeName: 'node-1', sources: given, slices });
  expect(snapshotOf(sources())).toBeDefined();
  expect(snapshotOf({ ...sources(), [name]: objects([], false) })).toBeUndefined();
});
