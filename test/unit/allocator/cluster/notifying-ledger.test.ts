import { NotifyingLedger } from '../../../../allocator/cluster/notifying-ledger.ts';
import { addr, claim, holder } from '../builders.ts';

function make(): { ledger: NotifyingLedger; freed: () => number } {
  const ledger = new NotifyingLedger();
  let count = 0;
  ledger.onFreed = () => count++;
  return { ledger, freed: () => count };
}

const address = addr('10.0.0.1');
const shared = claim(address, [holder('a'), holder('b')], { resourceVersion: '1' });

test('it tells at once when a claim goes or a sharer leaves', () => {
  const { ledger, freed } = make();
  ledger.apply(shared);
  expect(freed()).toBe(0);
  ledger.apply(claim(address, [holder('a')], { resourceVersion: '2' }));
  expect(freed()).toBe(1);
  ledger.forget(address);
  expect(freed()).toBe(2);
  ledger.forget(address);
  expect(freed()).toBe(2);
});

test('it tells when what was about to be claimed is not, and not when it is', () => {
  const { ledger, freed } = make();
  ledger.reserve(address)();
  expect(freed()).toBe(1);
  const release = ledger.reserve(address);
  ledger.apply(shared);
  release();
  expect(freed()).toBe(1);
});

test('an old version and another claim’s deletion free nothing', () => {
  const { ledger, freed } = make();
  ledger.apply({ ...shared, metadata: { ...shared.metadata, resourceVersion: '9' } });
  ledger.apply(claim(address, [], { resourceVersion: '1' }));
  ledger.forget(address, 'uid-of-another');
  expect(freed()).toBe(0);
});

test('it tells when a holder asks for something else, which may be what kept another away, and not when one is bound', () => {
  const { ledger, freed } = make();
  const { uid: _, ...unbound } = holder('a');
  ledger.apply(claim(address, [unbound], { resourceVersion: '1' }));
  ledger.apply(claim(address, [holder('a')], { resourceVersion: '2' }));
  expect(freed()).toBe(0);
  ledger.apply(claim(address, [holder('a', { sharingKey: 'edge' })], { resourceVersion: '3' }));
  expect(freed()).toBe(1);
  const ports = [{ port: 8080, protocol: 'TCP' as const }];
  ledger.apply(claim(address, [holder('a', { sharingKey: 'edge', ports })], { resourceVersion: '4' }));
  expect(freed()).toBe(2);
});
