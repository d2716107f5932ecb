/** Which Services and Eips are looked at anew when nodes and sessions change. */

import { ReachWatch } from '../../../../allocator/announced/reach-watch.ts';
import { Announcers } from '../../../../lib/reach/announcers.ts';
import { anEndpoint, aSlice } from '../../../support/speaker-builders.ts';
import { DOWN, node, speaker, UP } from '../../lib/reach/builders.ts';
import { eipObject, handStores, service } from '../builders.ts';
import { worldOf } from '../decide.ts';

function site() {
  const stores = handStores();
  const cluster = worldOf(stores);
  stores.bgpConfs.put({ metadata: { name: 'default' }, spec: { as: 64512 } });
  for (const name of ['a', 'b', 'c']) {
    stores.nodes.put(node(name));
    stores.speakers.put(speaker(name, { sessions: [UP] }));
  }
  stores.eips.put(eipObject('web', '198.51.100.0/24'), eipObject('other', '203.0.113.0/24'));
  const put = (name: string, address: string, policy: 'Cluster' | 'Local' = 'Cluster', on: string[] = []) => {
    stores.services.put(
      service({
        name,
        annotations: { 'skycap.io/addresses': address },
        labels: { 'eip.openelb.kubesphere.io/v1alpha2': 'web' },
        published: [address],
        spec: { type: 'LoadBalancer', externalTrafficPolicy: policy },
      }),
    );
    const slice = aSlice(
      on.map((where) => anEndpoint(where)),
      { service: name },
    );
    stores.labelledSlices.put({ ...slice, metadata: { ...slice.metadata, namespace: 'shop' } });
  };
  put('spread', '198.51.100.1');
  put('local', '198.51.100.2', 'Local', ['b']);
  put('elsewhere', '203.0.113.1', 'Local', ['c']);
  const watch = new ReachWatch(cluster, new Announcers(stores));
  const look = () => {
    const { eips, services } = watch.look();
    return [[...eips].sort().join(), [...services].sort().join()];
  };
  const decide = () => {
    for (const eip of cluster.eips.all()) watch.reachOf(eip);
  };
  return { stores, put, look, decide };
}

it('the first time that is everything, and then nothing while nothing changes', () => {
  const { look } = site();
  expect(look()).toEqual(['other,web', 'shop/elsewhere,shop/local,shop/spread']);
  expect(look()).toEqual(['', '']);
});

it('of a session more or less the Eips tell, and Services whose endpoints are there and nowhere else counted', () => {
  const { stores, look } = site();
  look();
  stores.speakers.put(speaker('b', { sessions: [DOWN] }));
  expect(look()).toEqual(['other,web', 'shop/local']);
  stores.speakers.put(speaker('a', { sessions: [DOWN] }));
  expect(look()).toEqual(['other,web', '']);
  stores.speakers.put(speaker('c', { sessions: [DOWN] }));
  expect(look()).toEqual(['other,web', 'shop/elsewhere,shop/local,shop/spread']);
  stores.speakers.put(speaker('c', { sessions: [UP] }));
  expect(look()).toEqual(['other,web', 'shop/elsewhere,shop/local,shop/spread']);
});

it('a reach that a decision used counts, though the next look finds it as it was at the last one', () => {
  const { stores, look, decide } = site();
  look();
  const report = (session: typeof UP) => {
    for (const node of ['a', 'b', 'c']) stores.speakers.put(speaker(node, { sessions: [session] }));
  };
  report(DOWN);
  report(UP);
  expect(look()).toEqual(['other,web', '']);
  report(DOWN);
  decide();
  report(UP);
  expect(look()).toEqual(['other,web', 'shop/elsewhere,shop/local,shop/spread']);
  stores.speakers.put(speaker('b', { sessions: [DOWN] }));
  decide();
  stores.speakers.put(speaker('b', { sessions: [UP] }));
  expect(look()).toEqual(['other,web', 'shop/local']);
  expect(look()).toEqual(['', '']);
});

it('with a Service those are looked at that share its address', () => {
  const { stores, put, look } = site();
  put('beside', '198.51.100.2', 'Local', ['a']);
  look();
  stores.speakers.put(speaker('b', { sessions: [DOWN] }));
  expect(look()[1]).toBe('shop/beside,shop/local');
});

it('an Eip that comes is new, and one that goes is nothing', () => {
  const { stores, look } = site();
  look();
  stores.eips.put(eipObject('third', '192.0.2.0/24'));
  expect(look()).toEqual(['third', '']);
  stores.eips.remove(stores.eips.get('third')!);
  expect(look()).toEqual(['', '']);
});
