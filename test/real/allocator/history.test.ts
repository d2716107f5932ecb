/** Who had which address: the allocator writes what claims no longer say, and a change of leader loses nothing. */
import { historyName } from '../../../lib/api/skycap/address-history.ts';
import type { HistoryEntry } from '../../../lib/ipam/history/entry.ts';
import { decodeEntries, encodeEntries } from '../../../lib/ipam/history/entry-lines.ts';
import { holdingsOf } from '../../../lib/ipam/history/holdings.ts';
import { ADDRESS_HISTORIES, EIP_CLAIMS } from '../../../lib/kube/resource.ts';
import { runPlugin } from '../../support/plugin.ts';
import { AllocatorLab, eventually, NO_RIGHTS_USER } from './harness.ts';

let lab: AllocatorLab;

beforeAll(async () => {
  lab = await AllocatorLab.start();
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

async function stored(namespace: string): Promise<HistoryEntry[]> {
  const { items } = await lab.admin.list(ADDRESS_HISTORIES);
  const entries = (await Promise.all(items.map(({ spec }) => decodeEntries(spec.entries)))).flat();
  return entries.filter((one) => one.namespace === namespace);
}

const lines = (entries: readonly HistoryEntry[]): string[] =>
  entries.map(({ name, address, given, taken, next = [] }) => [name, address, given, taken, ...next].join(' '));

/** Waits for these entries, in any order. */
async function history(namespace: string, expected: readonly string[]): Promise<HistoryEntry[]> {
  return eventually(async () => {
    const entries = await stored(namespace);
    expect(lines(entries).sort()).toEqual([...expected].sort());
    return entries;
  });
}

test('given, moved, left alone, deleted, and created again under the name', async () => {
  const replica = await lab.replica();
  await lab.pool('moves', '198.51.100.0/28');
  const startedAt = new Date().toISOString();
  await lab.create('moves/a');
  await lab.create('moves/b', { 'eip.openelb.kubesphere.io/v1alpha2': 'moves' });
  await lab.published('moves/a', '198.51.100.0');
  await lab.published('moves/b', '198.51.100.1');
  const { uid } = (await lab.service('moves/a')).metadata;
  await lab.patch('moves/a', {
    metadata: { annotations: { 'eip.openelb.kubesphere.io/v1alpha1': '198.51.100.9' } },
  });
  await lab.published('moves/a', '198.51.100.9');
  await eventually(async () => expect(await lab.claim('198.51.100.0')).toBeUndefined());
  await lab.patch('moves/b', { metadata: { annotations: { 'lb.kubesphere.io/v1alpha1': 'other' } } });
  await lab.remove('moves/a');
  await lab.create('moves/a', { 'eip.openelb.kubesphere.io/v1alpha1': '198.51.100.9' });
  await lab.published('moves/a', '198.51.100.9');
  const entries = await history('moves', [
    'a 198.51.100.0 EipMatches NoLongerUsed 198.51.100.9',
    'a 198.51.100.9 AddressRequested ServiceGone',
    'b 198.51.100.1 EipNamed NoLongerUsed',
  ]);
  for (const { from, to } of entries) expect([startedAt <= from, from <= to]).toEqual([true, true]);
  expect(entries.filter(({ name }) => name === 'a').map((one) => one.uid)).toEqual([uid, uid]);
  const { items: claims } = await lab.admin.list(EIP_CLAIMS);
  const holdings = holdingsOf({ address: '198.51.100.9' }, claims, entries);
  expect(holdings.map(({ name, taken }) => [name, taken])).toEqual([
    ['a', 'ServiceGone'],
    ['a', undefined],
  ]);
  // The end is the time at which the allocator saw it, which may be moments after the address was given again.
  expect(Date.parse(holdings[0]!.to!) - Date.parse(holdings[1]!.from)).toBeLessThan(1_000);
  const shown = async (user: string | undefined, what: string) =>
    runPlugin(['--kubeconfig', await lab.plane.kubeconfigFile(user), 'history', what]);
  const ofAddress = await shown(undefined, '198.51.100.9');
  expect(ofAddress.out).toMatch(/moves\/a .*AddressRequested +ServiceGone\n.*moves\/a .*now +AddressRequested\n/);
  expect((await shown(undefined, 'moves/b')).out).toMatch(/198\.51\.100\.1 .*EipNamed +NoLongerUsed/);
  const blind = await shown(NO_RIGHTS_USER, 'moves/b');
  expect(blind).toMatchObject({ code: 0, out: expect.stringMatching(/You may not list .*addresshistories/) });
  await lab.stop(replica);
}, 40_000);

test('a claim that a user deletes ends nothing, and the Service is shown to have had the address before', async () => {
  const replica = await lab.replica('allocator-again');
  await lab.pool('reclaimed', '198.51.100.16/28');
  await lab.create('reclaimed/web');
  await lab.published('reclaimed/web', '198.51.100.16');
  await lab.admin.delete(EIP_CLAIMS, { name: '198.51.100.16' });
  await eventually(async () => {
    const claims = [await lab.claim('198.51.100.16')].flatMap((claim) => claim ?? []);
    const holdings = holdingsOf({ namespace: 'reclaimed', name: 'web' }, claims, []);
    expect(holdings.map(({ given }) => given)).toEqual(['FoundPublished']);
  });
  await lab.remove('reclaimed/web');
  await history('reclaimed', ['web 198.51.100.16 FoundPublished ServiceGone']);
  await lab.stop(replica);
}, 40_000);

test('neither a leader that stops nor one that crashes loses an entry, and none is there twice', async () => {
  const first = await lab.replica('allocator-1');
  const second = await lab.replica('allocator-2');
  await lab.pool('leaders', '198.51.100.32/28');
  const addresses = ['a', 'b', 'c', 'd'].map((name, i) => [name, `198.51.100.${32 + i}`] as const);
  for (const [name, address] of addresses) {
    await lab.create(`leaders/${name}`);
    await lab.published(`leaders/${name}`, address);
  }
  const released = async (name: string, address: string) => {
    await lab.remove(`leaders/${name}`);
    await eventually(async () => expect(await lab.claim(address)).toBeUndefined());
  };
  const entry = ([name, address]: readonly [string, string]) => `${name} ${address} EipMatches ServiceGone`;
  await released(...addresses[0]!);
  await history('leaders', addresses.slice(0, 1).map(entry));
  await released(...addresses[1]!);
  await lab.stop(first);
  await history('leaders', addresses.slice(0, 2).map(entry));
  await eventually(async () => expect(await second.isLeading()).toBe(true));
  const third = await lab.replica('allocator-3');
  // A replica that has not seen a Service stored can't tell that it had an address.
  await eventually(() => expect(third.isReady()).toBe(true));
  await released(...addresses[2]!);
  await lab.vanish(second);
  await eventually(async () => expect(await third.isLeading()).toBe(true));
  await history('leaders', addresses.slice(0, 3).map(entry));
  await released(...addresses[3]!);
  await history('leaders', addresses.map(entry));
  await lab.stop(third);
}, 60_000);

test('old entries go, the newest stay, and Services go on where the history can not be written', async () => {
  const filler = Array.from({ length: 1_000 }, (_, i) => ({
    ...{ address: '203.0.113.1', eip: 'old', namespace: 'bounded', name: `old-${i}` },
    ...{ from: '2026-01-01T00:00:00Z', to: `2026-01-02T00:00:00.${String(i).padStart(3, '0')}Z` },
    ...{ given: 'EipMatches', taken: 'ServiceGone' },
  })) satisfies unknown[] as HistoryEntry[];
  const { items } = await lab.admin.list(ADDRESS_HISTORIES);
  const first = 50_000;
  for (let i = 0; i < 10; i++) {
    const spec = { count: filler.length, entries: await encodeEntries(filler) };
    await lab.admin.create(ADDRESS_HISTORIES, { metadata: { name: historyName(first + i * 1_000) }, spec });
  }
  const replica = await lab.replica('allocator-4');
  await lab.pool('bounded', '198.51.100.48/28');
  await lab.create('bounded/web');
  await lab.published('bounded/web', '198.51.100.48');
  await lab.remove('bounded/web');
  await eventually(async () => {
    const names = (await lab.admin.list(ADDRESS_HISTORIES)).items.map(({ metadata }) => metadata.name);
    // Those of the other tests and the first of these ten are beyond the limit.
    expect(names).toEqual(Array.from({ length: 10 }, (_, i) => historyName(first + (i + 1) * 1_000)));
    const [newest] = (await stored('bounded')).slice(-1);
    expect(newest?.name).toBe('web');
  });
  expect(items.length).toBeGreaterThan(0);

  await lab.plane.kubectl(['delete', 'crd', 'addresshistories.skycap.io']);
  await lab.create('bounded/next');
  await lab.published('bounded/next', '198.51.100.48');
  await lab.remove('bounded/next');
  await eventually(async () => expect(await lab.claim('198.51.100.48')).toBeUndefined());
  await lab.create('bounded/after');
  await lab.published('bounded/after', '198.51.100.48');
  await eventually(() =>
    expect(replica.log.lines).toContainEqual(expect.objectContaining({ level: 'warn', loop: 'history' })),
  );
  await lab.stop(replica);
}, 60_000);
