import { Ledger } from '../../../../../lib/ipam/choice/ledger.ts';
import { iterable } from '../../../../../lib/kube/cache/iterable.ts';
import { HandStore } from '../../../../support/hand-store.ts';
import { claim, holder } from '../../ipam/builders.ts';

it('can be gone through any number of times, as it is then', () => {
  const items = new Map([['a', 1]]);
  const values = iterable(() => items.values());
  expect([[...values], [...values]]).toEqual([[1], [1]]);
  items.set('b', 2);
  expect([...values]).toEqual([1, 2]);
});

it('is what stores and the ledger give: kept in a value, it is there for the second who asks too', () => {
  const store = new HandStore().put({ metadata: { name: 'a' } });
  const ledger = new Ledger();
  ledger.apply(claim('198.51.100.1', [holder('front')]));
  for (const values of [store.values(), ledger.claims()]) {
    expect([[...values].length, [...values].length]).toEqual([1, 1]);
  }
});
