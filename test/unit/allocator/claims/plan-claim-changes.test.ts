import { type ClaimFacts, planClaimChanges } from '../../../../allocator/claims/plan-claim-changes.ts';
import type { ClaimHolder } from '../../../../lib/api/skycap/claim.ts';
import type { Assignment } from '../../../../lib/ipam/assignment/decide-assignment.ts';
import type { HeldAddress } from '../../../../lib/ipam/choice/held-address.ts';
import { requestOf } from '../../../../lib/ipam/claims/holder-entry.ts';
import { requestAsHeld } from '../../../../lib/ipam/claims/service-claims.ts';
import { formatAddress } from '../../../../lib/net/address.ts';
import { addr, addressRequest, claim, holder, NOW_MS, service } from '../builders.ts';

const heldAddress = (
  address: string,
  differs: Partial<ClaimHolder> = {},
  eip: HeldAddress['eip'] = 'usable',
  isEstablished = !('uid' in differs),
): HeldAddress => {
  const { uid, ...rest } = holder('front', { since: new Date(NOW_MS).toISOString(), ...differs });
  const own: ClaimHolder = 'uid' in differs && differs.uid === undefined ? rest : { ...rest, uid: uid ?? '' };
  return { address: addr(address), claim: claim(address, [own]), own, eipName: 'web', eip, isEstablished };
};
const withFormer = (held: HeldAddress): HeldAddress => {
  const former = { ...holder('front'), uid: 'uid-of-a-former', token: 'of-a-former' };
  return { ...held, claim: { ...held.claim, spec: { ...held.claim.spec, holders: [former, held.own] } } };
};
const assignment = (...addresses: string[]): Assignment => ({
  uses: addresses.map((address) => ({ address: addr(address), eipName: 'web' })),
  hasAddress: addresses.length > 0,
  reason: 'Assigned',
  message: '',
  waits: 'no',
  waitsFor: [],
  isComplete: addresses.length > 0,
});
const factsWith = (differs: Partial<ClaimFacts>): ClaimFacts => ({
  service: service(),
  serviceToken: 'token-front',
  requestAt: ({ address }) => requestOf(addressRequest(), address),
  heldAddresses: [],
  assignment: assignment('10.0.0.1'),
  inFlightUpdateOf: () => ({ kind: 'inSync' }),
  firstSeenMs: () => NOW_MS,
  mustWrite: () => false,
  storedUid: () => undefined,
  nowMs: NOW_MS,
  graceMsOf: () => 60_000,
  ...differs,
});
const decide = (differs: Partial<ClaimFacts>) => {
  const claimSync = planClaimChanges(factsWith(differs));
  return {
    renew: claimSync.renew.map(({ address, next }) => [formatAddress(address), next.uid, next.ports.length]),
    release: claimSync.release.map(({ address, reason }) => `${formatAddress(address)} ${reason}`),
    againInMs: claimSync.requeueAtMs - NOW_MS,
  };
};
const nothing = { renew: [], release: [], againInMs: Number.POSITIVE_INFINITY };

test('an Eip that has the address by now is written into its claim, once', () => {
  const here = { ...heldAddress('10.0.0.1'), eipName: 'again', eipUid: 'uid-2' };
  const { renew } = planClaimChanges(factsWith({ heldAddresses: [here] }));
  expect(renew).toMatchObject([{ source: { eip: 'again', eipUid: 'uid-2' } }]);
  expect(renew[0]?.next).toBe(here.own);
  const written = { ...here, claim: { ...here.claim, spec: { ...here.claim.spec, ...renew[0]?.source } } };
  expect(planClaimChanges(factsWith({ heldAddresses: [written] })).renew).toEqual([]);
  const unusable = { ...here, eip: 'unusable' as const };
  expect(planClaimChanges(factsWith({ heldAddresses: [unusable] })).renew).toEqual([]);
});

test('a holder that is bound to another Service than before begins anew, and one that is bound to its own does not', () => {
  const sinceOf = (storedUid: string | undefined) => {
    const heldAddresses = [heldAddress('10.0.0.1', { uid: undefined, token: 'other', publishedBefore: true })];
    const [renewed] = planClaimChanges(
      factsWith({ heldAddresses, storedUid: () => storedUid, nowMs: NOW_MS + 100_000 }),
    ).renew;
    return [renewed?.next.uid, renewed?.next.publishedBefore, renewed?.next.since];
  };
  const since = heldAddress('10.0.0.1').own.since;
  expect(sinceOf('uid-former')).toEqual(['uid-front', undefined, new Date(NOW_MS + 100_000).toISOString()]);
  expect(sinceOf('uid-front')).toEqual(['uid-front', true, since]);
});

test.each<[string, Partial<ClaimFacts>, object]>([
  ['stands as it should: nothing', { heldAddresses: [heldAddress('10.0.0.1')] }, nothing],
  [
    'has name and token of its Service, and no UID: needs none',
    { heldAddresses: [heldAddress('10.0.0.1', { uid: undefined })] },
    nothing,
  ],
  [
    'has the token of another life of the name, which was stored: is bound',
    {
      heldAddresses: [heldAddress('10.0.0.1', { uid: undefined, token: 'of-a-former' })],
      storedUid: () => 'uid-former',
    },
    { ...nothing, renew: [['10.0.0.1', 'uid-front', 1]] },
  ],
  [
    'has the holder of a former Service of the name beside its own: is bound, and the former goes',
    { heldAddresses: [withFormer(heldAddress('10.0.0.1', { uid: undefined }))] },
    { ...nothing, renew: [['10.0.0.1', 'uid-front', 1]] },
  ],
  [
    'has no UID and was shown: is released at once',
    { heldAddresses: [heldAddress('10.0.0.1'), heldAddress('10.0.0.2', { uid: undefined }, 'usable', true)] },
    { ...nothing, release: ['10.0.0.2 NoLongerUsed'] },
  ],
  [
    'is not used any more: is released',
    { heldAddresses: [heldAddress('10.0.0.1'), heldAddress('10.0.0.2')] },
    { ...nothing, release: ['10.0.0.2 NoLongerUsed'] },
  ],
  [
    'is reserved for an exchange: stays, however old, and not bound',
    {
      heldAddresses: [heldAddress('10.0.0.1'), heldAddress('10.0.0.2', { uid: undefined, waiting: true })],
      assignment: { ...assignment('10.0.0.1'), reserves: [addr('10.0.0.2')] },
      nowMs: NOW_MS + 600_000,
    },
    nothing,
  ],
  [
    'is not used and not bound, as of an update under way: waits',
    { heldAddresses: [heldAddress('10.0.0.1'), heldAddress('10.0.0.2', { uid: undefined })] },
    { ...nothing, againInMs: 60_000 },
  ],
  [
    'is of an Eip whose deletion released it: is released, though the Service has nothing else',
    { assignment: assignment(), heldAddresses: [heldAddress('10.0.0.1', {}, 'released')] },
    { ...nothing, release: ['10.0.0.1 NoLongerUsed'] },
  ],
  [
    'is of a Service that is not ours: is released',
    { assignment: undefined, heldAddresses: [heldAddress('10.0.0.1')] },
    { ...nothing, release: ['10.0.0.1 NoLongerUsed'] },
  ],
  [
    'is of a Service that is not ours, and not bound: waits',
    { assignment: undefined, heldAddresses: [heldAddress('10.0.0.1', { uid: undefined })] },
    { ...nothing, againInMs: 60_000 },
  ],
  [
    'is of a Service that can’t be read: has the ports that it publishes',
    {
      requestAt: (at) => requestOf(requestAsHeld(addressRequest(), at), at.address),
      heldAddresses: [heldAddress('10.0.0.1', { uid: undefined, sharingKey: 'k', ports: [] })],
      inFlightUpdateOf: () => ({ kind: 'useService' }),
    },
    { ...nothing, renew: [['10.0.0.1', undefined, 1]] },
  ],
  [
    'lacks a port while an update may be under way: gets it, and is looked at again',
    {
      requestAt: ({ address }) =>
        requestOf(
          addressRequest({
            ports: [
              { port: 80, protocol: 'TCP' },
              { port: 81, protocol: 'TCP' },
            ],
          }),
          address,
        ),
      heldAddresses: [heldAddress('10.0.0.1')],
      inFlightUpdateOf: () => ({ kind: 'wait', untilMs: NOW_MS + 9 }),
    },
    { ...nothing, renew: [['10.0.0.1', 'uid-front', 2]], againInMs: 9 },
  ],
  [
    'is of a create call that failed, at an address that others share: gets no port',
    {
      heldAddresses: [
        heldAddress('10.0.0.1'),
        heldAddress('10.0.0.9', { uid: undefined, token: 'of-the-other-call', ports: [] }),
      ],
    },
    { ...nothing, againInMs: 60_000 },
  ],
])('a claim that %s', (_, facts, expected) => {
  expect(decide(facts)).toEqual(expected);
});

test('claims of an update and of the allocator have each their token: all get that of the Service', () => {
  const heldAddresses = [
    heldAddress('10.0.0.1', { uid: undefined, token: 'of-the-update' }),
    heldAddress('2001:db8::'),
  ];
  const both = assignment('10.0.0.1', '2001:db8::');
  const { renew } = planClaimChanges(factsWith({ serviceToken: 'of-the-update', heldAddresses, assignment: both }));
  expect(renew.map(({ address, next }) => [formatAddress(address), next.token])).toEqual([
    ['2001:db8::', 'of-the-update'],
  ]);
});
