import type { Outcome } from '../../../allocator/decide-outcome.ts';
import { decideUpkeep, type UpkeepFacts } from '../../../allocator/decide-upkeep.ts';
import { wishOf } from '../../../allocator/holder.ts';
import { wantsAsHeld } from '../../../allocator/holdings.ts';
import type { ClaimHolder } from '../../../lib/api/claim.ts';
import type { Holding } from '../../../lib/ipam/holding.ts';
import { formatAddress } from '../../../lib/net/address.ts';
import { addr, claim, holder, NOW_MS, service, wants } from './builders.ts';

const holding = (address: string, differs: Partial<ClaimHolder> = {}, eip: Holding['eip'] = 'usable'): Holding => {
  const { uid, ...rest } = holder('front', { since: new Date(NOW_MS).toISOString(), ...differs });
  const own: ClaimHolder = 'uid' in differs && differs.uid === undefined ? rest : { ...rest, uid: uid ?? '' };
  return { address: addr(address), claim: claim(address, [own]), own, eipName: 'web', eip, isEstablished: true };
};
const outcome = (...addresses: string[]): Outcome => ({
  uses: addresses.map((address) => ({ address: addr(address), eipName: 'web' })),
  hasAddress: addresses.length > 0,
  reason: 'Assigned',
  message: '',
  waits: 'no',
  waitsFor: [],
  isComplete: addresses.length > 0,
});
const factsWith = (differs: Partial<UpkeepFacts>): UpkeepFacts => ({
  service: service(),
  serviceToken: 'token-front',
  wishAt: ({ address }) => wishOf(wants(), address),
  holdings: [],
  outcome: outcome('10.0.0.1'),
  agreementOn: () => ({ kind: 'same' }),
  seenMs: () => NOW_MS,
  nowMs: NOW_MS,
  graceMsOf: () => 60_000,
  ...differs,
});
const decide = (differs: Partial<UpkeepFacts>) => {
  const upkeep = decideUpkeep(factsWith(differs));
  return {
    renew: upkeep.renew.map(({ address, next }) => [formatAddress(address), next.uid, next.ports.length]),
    release: upkeep.release.map(({ address, reason }) => `${formatAddress(address)} ${reason}`),
    againInMs: upkeep.againAtMs - NOW_MS,
  };
};
const nothing = { renew: [], release: [], againInMs: Number.POSITIVE_INFINITY };

test('an Eip that has the address by now is written into its claim, once', () => {
  const here = { ...holding('10.0.0.1'), eipName: 'again', eipUid: 'uid-2' };
  const { renew } = decideUpkeep(factsWith({ holdings: [here] }));
  expect(renew).toMatchObject([{ source: { eip: 'again', eipUid: 'uid-2' } }]);
  expect(renew[0]?.next).toBe(here.own);
  const written = { ...here, claim: { ...here.claim, spec: { ...here.claim.spec, ...renew[0]?.source } } };
  expect(decideUpkeep(factsWith({ holdings: [written] })).renew).toEqual([]);
  const unusable = { ...here, eip: 'unusable' as const };
  expect(decideUpkeep(factsWith({ holdings: [unusable] })).renew).toEqual([]);
});

test.each<[string, Partial<UpkeepFacts>, object]>([
  ['stands as it should: nothing', { holdings: [holding('10.0.0.1')] }, nothing],
  [
    'is not bound yet: binds',
    { holdings: [holding('10.0.0.1', { uid: undefined })] },
    { ...nothing, renew: [['10.0.0.1', 'uid-front', 1]] },
  ],
  [
    'is not used any more: is released',
    { holdings: [holding('10.0.0.1'), holding('10.0.0.2')] },
    { ...nothing, release: ['10.0.0.2 NoLongerUsed'] },
  ],
  [
    'is reserved for an exchange: stays, however old, and not bound',
    {
      holdings: [holding('10.0.0.1'), holding('10.0.0.2', { uid: undefined, waiting: true })],
      outcome: { ...outcome('10.0.0.1'), reserves: [addr('10.0.0.2')] },
      nowMs: NOW_MS + 600_000,
    },
    nothing,
  ],
  [
    'is not used and not bound, as of an update under way: waits',
    { holdings: [holding('10.0.0.1'), holding('10.0.0.2', { uid: undefined })] },
    { ...nothing, againInMs: 60_000 },
  ],
  [
    'is of an Eip whose deletion released it: is released, though the Service has nothing else',
    { outcome: outcome(), holdings: [holding('10.0.0.1', {}, 'released')] },
    { ...nothing, release: ['10.0.0.1 NoLongerUsed'] },
  ],
  [
    'is of a Service that is not ours: is released',
    { outcome: undefined, holdings: [holding('10.0.0.1')] },
    { ...nothing, release: ['10.0.0.1 NoLongerUsed'] },
  ],
  [
    'is of a Service that is not ours, and not bound: waits',
    { outcome: undefined, holdings: [holding('10.0.0.1', { uid: undefined })] },
    { ...nothing, againInMs: 60_000 },
  ],
  [
    'is of a Service that can’t be read: is bound, with the ports that it publishes',
    {
      wishAt: (at) => wishOf(wantsAsHeld(wants(), at), at.address),
      holdings: [holding('10.0.0.1', { uid: undefined, sharingKey: 'k', ports: [] })],
      agreementOn: () => ({ kind: 'serviceCounts' }),
    },
    { ...nothing, renew: [['10.0.0.1', 'uid-front', 1]] },
  ],
  [
    'lacks a port while an update may be under way: gets it, and is looked at again',
    {
      wishAt: ({ address }) =>
        wishOf(
          wants({
            ports: [
              { port: 80, protocol: 'TCP' },
              { port: 81, protocol: 'TCP' },
            ],
          }),
          address,
        ),
      holdings: [holding('10.0.0.1')],
      agreementOn: () => ({ kind: 'wait', untilMs: NOW_MS + 9 }),
    },
    { ...nothing, renew: [['10.0.0.1', 'uid-front', 2]], againInMs: 9 },
  ],
  [
    'is of a create call that failed, at an address that others share: gets no port',
    {
      holdings: [holding('10.0.0.1'), holding('10.0.0.9', { uid: undefined, token: 'of-the-other-call', ports: [] })],
    },
    { ...nothing, againInMs: 60_000 },
  ],
])('a claim that %s', (_, facts, expected) => {
  expect(decide(facts)).toEqual(expected);
});

test('claims of an update and of the allocator have each their token: all get that of the Service', () => {
  const holdings = [holding('10.0.0.1', { uid: undefined, token: 'of-the-update' }), holding('2001:db8::')];
  const both = outcome('10.0.0.1', '2001:db8::');
  const { renew } = decideUpkeep(factsWith({ serviceToken: 'of-the-update', holdings, outcome: both }));
  expect(renew.map(({ address, next }) => [formatAddress(address), next.token])).toEqual([
    ['10.0.0.1', 'of-the-update'],
    ['2001:db8::', 'of-the-update'],
  ]);
});
