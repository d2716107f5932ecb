/** Who had an address: the entries as text, and the holdings put together with the claims. */
import * as fc from 'fast-check';
import { firstNumberOf, historyName } from '../../../../../lib/api/skycap/address-history.ts';
import type { ClaimHolder } from '../../../../../lib/api/skycap/claim.ts';
import { givenReason, type HistoryEntry } from '../../../../../lib/ipam/history/entry.ts';
import { decodeEntries, encodeEntries } from '../../../../../lib/ipam/history/entry-lines.ts';
import { holdingsOf } from '../../../../../lib/ipam/history/holdings.ts';
import { claim, holder } from '../builders.ts';

const entry = (differs: Partial<HistoryEntry> = {}): HistoryEntry => ({
  address: '192.0.2.1',
  eip: 'web',
  namespace: 'shop',
  name: 'front',
  uid: 'uid-front',
  from: '2026-01-01T00:00:00.000Z',
  to: '2026-01-02T00:00:00.000Z',
  given: 'EipMatches',
  taken: 'ServiceGone',
  ...differs,
});

test.each<[string, Partial<ClaimHolder>, string]>([
  ['requests the address', { requested: true, askedFor: ['Eip web, 192.0.2.1'] }, 'AddressRequested'],
  ['names the Eip', { askedFor: ['Eip other', 'Eip web, protocol bgp'] }, 'EipNamed'],
  ['names another Eip whose name begins alike', { askedFor: ['Eip web-2'] }, 'EipMatches'],
  ['names nothing', {}, 'EipMatches'],
  ['published it before', { publishedBefore: true, requested: true }, 'FoundPublished'],
])('a holder that %s', (_, differs, reason) => {
  expect(givenReason({ ...holder('front'), ...differs }, 'web')).toBe(reason);
});

test('entries survive their text, whatever names they have', async () => {
  const texts = fc.string({ unit: 'grapheme', maxLength: 63 });
  const entries = fc.array(
    fc.record({ eip: texts, namespace: texts, name: texts, next: fc.array(texts) }).map((one) => entry(one)),
  );
  await fc.assert(
    fc.asyncProperty(entries, async (all) => {
      expect(await decodeEntries(await encodeEntries(all))).toEqual(all);
    }),
  );
});

test('a text that a user has damaged gives no entries, and a damaged line loses no other', async () => {
  expect(await decodeEntries('')).toEqual([]);
  expect(await decodeEntries('no gzip')).toEqual([]);
  const broken = { ...entry(), to: 5 } as unknown as HistoryEntry;
  expect(await decodeEntries(await encodeEntries([broken, entry()]))).toEqual([entry()]);
});

test('a thousand entries with the longest names stay far below the limit of etcd', async () => {
  const long = (i: number, length: number): string =>
    Array.from({ length }, (_, at) => String.fromCharCode(97 + ((i * 7919 + at * 104_729 + i * at * 31) % 26))).join(
      '',
    );
  const entries = Array.from({ length: 1_000 }, (_, i) =>
    entry({
      address: `2001:db8:ffff:ffff:ffff:ffff:${i.toString(16)}:ffff`,
      namespace: long(i, 63),
      name: long(i + 5, 63),
      eip: long(i + 9, 63),
      uid: `${long(i, 8)}-0000-4000-8000-${long(i, 12)}`,
      from: new Date(Date.UTC(2026, 0, 1) + i * 97_123).toISOString(),
    }),
  );
  expect((await encodeEntries(entries)).length).toBeLessThan(400_000);
});

test('names of objects have their number, and order as the numbers do', () => {
  const numbers = [0, 1, 999, 1_000, 123_456_789];
  const names = numbers.map(historyName);
  expect(names).toEqual([...names].sort());
  expect(names.map(firstNumberOf)).toEqual(numbers);
  expect(['entries-', 'entries-12', 'other', 'entries-00000000x'].map(firstNumberOf)).toEqual(Array(4).fill(undefined));
});

test('an address: its former Services from the oldest, then those that have it now', () => {
  const older = entry({ name: 'back', from: '2025-06-01T00:00:00Z', to: '2025-07-01T00:00:00Z' });
  const other = entry({ address: '192.0.2.2' });
  const present = claim('192.0.2.1', [
    { ...holder('third'), since: '2026-02-01T00:00:00Z', requested: true },
    { ...holder('reserved'), waiting: true },
  ]);
  const holdings = holdingsOf({ address: '192.0.2.1' }, [present], [entry(), other, older]);
  expect(holdings.map(({ name, given, to }) => [name, given, to])).toEqual([
    ['back', 'EipMatches', '2025-07-01T00:00:00Z'],
    ['front', 'EipMatches', '2026-01-02T00:00:00.000Z'],
    ['third', 'AddressRequested', undefined],
  ]);
});

test('a Service: its addresses, and none of a Service of the same name elsewhere', () => {
  const entries = [entry(), entry({ namespace: 'other' }), entry({ address: '192.0.2.3', name: 'back' })];
  const present = claim('192.0.2.9', [holder('front')]);
  const holdings = holdingsOf({ namespace: 'shop', name: 'front' }, [present], entries);
  expect(holdings.map(({ address, to }) => [address, to !== undefined])).toEqual([
    ['192.0.2.1', true],
    ['192.0.2.9', false],
  ]);
});
