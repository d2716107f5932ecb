/** Which changes of Services make a speaker look at everything. */

import { makePlan } from '../../../../lib/bgp/plan.ts';
import { concernsAddresses } from '../../../../speaker/cluster/affects-addresses.ts';
import { layer2Addresses } from '../../../support/layer2-builders.ts';
import { aBgpConf, aBgpPeer, anEip, aService, aSnapshot } from '../../../support/speaker-builders.ts';

const published = aService();
const unpublished = aService({ ips: [] });
const key = 'default/web';

it.each([
  ['created', { type: 'added', key, object: unpublished }, false],
  ['there with an address', { type: 'added', key, object: published }, true],
  ['published', { type: 'modified', key, old: unpublished, object: published }, true],
  ['changed while it is published', { type: 'modified', key, old: published, object: published }, true],
  ['let go', { type: 'modified', key, old: published, object: unpublished }, true],
  ['changed without an address', { type: 'modified', key, old: unpublished, object: unpublished }, false],
  ['deleted with an address', { type: 'deleted', key, object: published }, true],
  ['deleted without', { type: 'deleted', key, object: unpublished }, false],
] as const)('one that is %s', (_, change, concerns) => {
  expect(concernsAddresses(change)).toBe(concerns);
});

it('nothing is made of one that publishes no address', () => {
  const all = { eips: [anEip('v4')], bgpConfs: [aBgpConf()], bgpPeers: [aBgpPeer()] };
  const without = aSnapshot({ ...all, services: [] });
  const withOne = aSnapshot({ ...all, services: [unpublished] });
  expect(makePlan(withOne)).toEqual(makePlan(without));
  expect(layer2Addresses(withOne)).toEqual(layer2Addresses(without));
});
