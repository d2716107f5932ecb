/** Which changes of a claim end a holding, and what the history says about it. */
import { endedHolders, type HolderFacts } from '../../../../../allocator/claims/history/ended-holders.ts';
import type { Service } from '../../../../../lib/api/service/service.ts';
import type { ClaimHolder, EipClaim } from '../../../../../lib/api/skycap/claim.ts';
import type { Change } from '../../../../../lib/kube/cache/store.ts';
import { claim, holder, NOW_MS, service } from '../../builders.ts';

const SINCE = '2026-01-01T12:00:00Z';
const unbound = (differs: Partial<ClaimHolder> = {}): ClaimHolder => {
  const { uid: _, ...rest } = holder('front');
  return { ...rest, since: SINCE, ...differs };
};
const of = (...holders: ClaimHolder[]): EipClaim => claim('10.0.0.1', holders);
const deleted = (...holders: ClaimHolder[]): Change<EipClaim> => ({
  type: 'deleted',
  key: '10.0.0.1',
  object: of(...holders),
});
const modified = (before: ClaimHolder[], after: ClaimHolder[]): Change<EipClaim> => ({
  type: 'modified',
  key: '10.0.0.1',
  object: of(...after),
  old: of(...before),
});
const publishing = (address: string): Service =>
  service({ published: [address], annotations: { 'skycap.io/addresses': address } });

interface Given {
  readonly stored?: Service;
  readonly storedUid?: string;
  readonly nowMs?: number;
}
const ended = (change: Change<EipClaim>, { stored, storedUid, nowMs = NOW_MS }: Given = {}): string[] => {
  const facts: HolderFacts = { storedUid: () => storedUid, serviceNamed: () => stored, nowMs };
  return endedHolders(change, facts).map(({ name, uid, taken, next }) => [name, uid, taken, ...(next ?? [])].join(' '));
};

test.each<[string, Change<EipClaim>, Given, string[]]>([
  ['an added claim ends nothing', { type: 'added', key: '10.0.0.1', object: of(unbound()) }, {}, []],
  ['the Service is gone', deleted(unbound()), { storedUid: 'uid-front' }, ['front uid-front ServiceGone']],
  ['the bound Service is gone', deleted(holder('front')), {}, ['front uid-front ServiceGone']],
  [
    'the Service has another address',
    deleted(unbound()),
    { storedUid: 'uid-front', stored: publishing('10.0.0.9') },
    ['front uid-front NoLongerUsed 10.0.0.9'],
  ],
  [
    'Skycap no longer serves the Service',
    deleted(unbound()),
    { storedUid: 'uid-front', stored: service() },
    ['front uid-front NoLongerUsed'],
  ],
  [
    'a user deleted the claim, and the Service keeps the address',
    deleted(unbound()),
    { storedUid: 'uid-front', stored: publishing('10.0.0.1') },
    [],
  ],
  ['the Service was never stored', deleted(unbound()), { nowMs: Date.parse(SINCE) + 60_000 }, []],
  [
    'the Service was never seen stored, and had the address for days',
    deleted(unbound()),
    { nowMs: Date.parse(SINCE) + 86_400_000 },
    ['front  ClaimExpired'],
  ],
  ['a reservation ends', deleted(unbound({ waiting: true })), { storedUid: 'uid-front' }, []],
  [
    'a holder without a name ends',
    deleted(((one) => ({ ...one, name: undefined }) as unknown as ClaimHolder)(unbound())),
    { storedUid: 'uid-front' },
    [],
  ],
  ['the holder is bound', modified([unbound()], [holder('front')]), { storedUid: 'uid-front' }, []],
  [
    'the holder is bound with another token',
    modified([unbound({ token: 'first' })], [holder('front')]),
    { storedUid: 'uid-front' },
    [],
  ],
  [
    'the holder is bound to a later Service of the name',
    modified([unbound({ token: 'first' })], [holder('front')]),
    { storedUid: 'uid-former' },
    ['front uid-former ServiceGone'],
  ],
  [
    'the webhook writes another token for the same Service',
    modified([unbound({ token: 'first' })], [unbound({ token: 'second' })]),
    { storedUid: 'uid-front', stored: service() },
    [],
  ],
  [
    'the webhook writes another token for a later Service',
    modified([unbound({ token: 'first' })], [unbound({ token: 'second' })]),
    { storedUid: 'uid-former' },
    ['front uid-former ServiceGone'],
  ],
  [
    'one of two Services leaves',
    modified([unbound(), holder('back')], [holder('back')]),
    { storedUid: 'uid-front' },
    ['front uid-front ServiceGone'],
  ],
])('%s', (_, change, given, entries) => {
  expect(ended(change, given)).toEqual(entries);
});

test('an entry says from when to when, and why', () => {
  const facts: HolderFacts = { storedUid: () => 'uid-front', serviceNamed: () => undefined, nowMs: NOW_MS };
  expect(endedHolders(deleted(unbound({ requested: true })), facts)).toEqual([
    {
      ...{ address: '10.0.0.1', eip: of().spec.eip, namespace: 'shop', name: 'front', uid: 'uid-front' },
      ...{ from: SINCE, to: '2026-01-02T00:00:00.000Z', given: 'AddressRequested', taken: 'ServiceGone' },
    },
  ]);
});
