import { EndpointIndex, servicesOfSlice } from '../../../../allocator/cluster/endpoint-index.ts';
import type { EndpointSlice } from '../../../../lib/api/service/service.ts';
import { HandStore } from '../../../support/hand-store.ts';
import { anEndpoint, aSlice } from '../../../support/speaker-builders.ts';

function made() {
  const stores = { labelledSlices: new HandStore<EndpointSlice>(), foreignSlices: new HandStore<EndpointSlice>() };
  const index = new EndpointIndex(stores);
  const ready = (key = 'default/web') => [...index.placesOf(key, 4).ready].sort().join();
  return { ...stores, index, ready };
}

it('has the endpoints of a Service from all its slices, as they change', () => {
  const { labelledSlices, foreignSlices, index, ready } = made();
  expect([ready(), index.placesOf('default/web', 4).usable]).toEqual(['', false]);
  labelledSlices.put(aSlice([anEndpoint('a')], { name: 'one' }));
  foreignSlices.put(aSlice([anEndpoint('b')], { name: 'two' }));
  labelledSlices.put(aSlice([anEndpoint('six')], { name: 'three', addressType: 'IPv6' }));
  expect(ready()).toBe('a,b');
  expect([...index.placesOf('default/web', 6).ready]).toEqual(['six']);
  labelledSlices.put(aSlice([anEndpoint('c')], { name: 'one' }));
  expect(ready()).toBe('b,c');
  labelledSlices.remove(labelledSlices.get('default/one')!);
  expect(ready()).toBe('b');
});

it('a slice that is in both stores counts once, and stays while it is in one of them', () => {
  const { labelledSlices, foreignSlices, ready } = made();
  foreignSlices.put(aSlice([anEndpoint('a')]));
  labelledSlices.put(aSlice([anEndpoint('a')]));
  labelledSlices.remove(labelledSlices.get('default/web-ipv4')!);
  expect(ready()).toBe('a');
  foreignSlices.remove(foreignSlices.get('default/web-ipv4')!);
  expect(ready()).toBe('');
});

it('a slice that becomes another Service’s is no longer the first one’s', () => {
  const { foreignSlices, ready } = made();
  const old = aSlice([anEndpoint('a')], { name: 'one' });
  const object = aSlice([anEndpoint('a')], { name: 'one', service: 'other' });
  foreignSlices.put(old).put(object);
  expect([ready(), ready('default/other')]).toEqual(['', 'a']);
  const change = { type: 'modified', key: 'default/one', old, object } as const;
  expect([...servicesOfSlice(change)]).toEqual(['default/web', 'default/other']);
  expect([...servicesOfSlice({ type: 'added', key: 'x', object: { ...old, metadata: {} } })]).toEqual([]);
});
