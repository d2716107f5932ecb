/** Taking the snapshot: unknown is not empty, and slices find their Service. */
import { takeSnapshot } from '../../../../speaker/cluster/snapshot.ts';
import {
  aBgpConf,
  aNode,
  anEip,
  anEndpoint,
  aService,
  aSlice,
  aSnapshot,
  objects,
} from '../../../support/speaker-builders.ts';

const sources = () => ({
  nodes: objects([aNode()]),
  services: objects([aService()]),
  labelledSlices: objects([aSlice([])]),
  foreignSlices: objects<ReturnType<typeof aSlice>>([]),
  eips: objects([anEip()]),
  bgpConfs: objects([aBgpConf()]),
  bgpPeers: objects<never>([]),
});

it.each(Object.keys(sources()))('there is none while %s is not read completely', (name) => {
  expect(takeSnapshot('node-1', sources())).toBeDefined();
  expect(takeSnapshot('node-1', { ...sources(), [name]: objects([], false) })).toBeUndefined();
});

it('a slice that is in both stores counts once', () => {
  const slice = aSlice([anEndpoint('node-1')]);
  const snapshot = aSnapshot({ slices: [slice], foreignSlices: [slice, aSlice([], { name: 'by-hand' })] });
  expect(snapshot.slices.get('default/web')?.map(({ metadata }) => metadata.name)).toEqual(['web-ipv4', 'by-hand']);
});

it('a slice without the label of its Service belongs to none', () => {
  const slice = aSlice([anEndpoint('node-1')]);
  const snapshot = aSnapshot({ foreignSlices: [{ ...slice, metadata: { ...slice.metadata, labels: {} } }] });
  expect(snapshot.slices.size).toBe(0);
});

it('a slice belongs to the Service of its own namespace', () => {
  const slice = aSlice([anEndpoint('node-1')]);
  const snapshot = aSnapshot({ slices: [{ ...slice, metadata: { ...slice.metadata, namespace: 'other' } }] });
  expect([...snapshot.slices.keys()]).toEqual(['other/web']);
});
