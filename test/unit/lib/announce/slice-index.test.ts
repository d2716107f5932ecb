/** Slices find their Service, and the Services of changed slices are told. */
import { SliceIndex } from '../../../../lib/announce/slice-index.ts';
import type { EndpointSlice } from '../../../../lib/api/service/service.ts';
import { HandStore } from '../../../support/hand-store.ts';
import { aSlice } from '../../../support/speaker-builders.ts';

function made(...there: readonly EndpointSlice[]) {
  const labelledSlices = new HandStore<EndpointSlice>().put(...there);
  const foreignSlices = new HandStore<EndpointSlice>();
  const told: string[] = [];
  const index = new SliceIndex({ labelledSlices, foreignSlices }, (key) => told.push(key));
  const namesOf = (key: string) => index.get(key).map(({ metadata }) => metadata.name);
  return { labelledSlices, foreignSlices, told, namesOf };
}

it('has the slices that were there before it', () => {
  expect(made(aSlice([])).namesOf('default/web')).toEqual(['web-ipv4']);
});

it('a slice that is in both stores counts once', () => {
  const { foreignSlices, namesOf } = made(aSlice([]));
  foreignSlices.put(aSlice([]), aSlice([], { name: 'by-hand' }));
  expect(namesOf('default/web')).toEqual(['web-ipv4', 'by-hand']);
});

it('a slice without the label of its Service belongs to none', () => {
  const slice = aSlice([]);
  const { namesOf, told } = made({ ...slice, metadata: { ...slice.metadata, labels: {} } });
  expect([namesOf('default/web'), namesOf(''), told]).toEqual([[], [], []]);
});

it('a slice belongs to the Service of its own namespace', () => {
  const slice = aSlice([]);
  const { namesOf } = made({ ...slice, metadata: { ...slice.metadata, namespace: 'other' } });
  expect([namesOf('default/web'), namesOf('other/web')]).toEqual([[], ['web-ipv4']]);
});

it('tells of each Service of which a slice came, changed, moved or went', () => {
  const { labelledSlices, told } = made();
  labelledSlices.put(aSlice([], { name: 'one' })).put(aSlice([], { name: 'one' }));
  labelledSlices.put(aSlice([], { name: 'one', service: 'other' }));
  labelledSlices.remove(aSlice([], { name: 'one' }));
  const [web, other] = ['default/web', 'default/other'];
  expect(told).toEqual([web, web, web, web, other, other]);
});
