/** What kubectl shows. The sentences are part of the contract with people, so they stand here word for word. */
import { PLAIN_BGP } from '../../../../../lib/api/eip/eip-bgp.ts';
import type { Service } from '../../../../../lib/api/service/service.ts';
import type { Choice } from '../../../../../lib/ipam/choice/choose.ts';
import type { Family } from '../../../../../lib/net/address.ts';
import {
  affinityWarnings,
  assignedWarnings,
  overriddenWarnings,
  pendingWarnings,
  sourceRangeWarnings,
} from '../../../../../webhook/service/advice/service-advice.ts';
import { addr, addressRequest, claim, eip, holder, ledgerOf } from '../../../lib/ipam/builders.ts';
import { service } from '../../builders.ts';

const web = eip('web', '198.51.100.0/29');
const web6 = eip('web6', '2001:db8::/64');
type Assigned = Extract<Choice, { kind: 'assigned' }>;
const v4 = { address: addr('198.51.100.7'), eip: web, how: 'free' } as const;
const v6 = { address: addr('2001:db8::'), eip: web6, how: 'free' } as const;
const ledger = ledgerOf(claim('198.51.100.7', [holder('front')]), claim('2001:db8::', [holder('front')]));
const isSelf = ({ name }: { readonly name?: string }): boolean => name === 'front';

it.each<[string, Assigned, boolean, string[]]>([
  ['one address', { kind: 'assigned', given: [v4] }, false, ['assigned 198.51.100.7 from Eip web (7 left)']],
  [
    'held since before',
    { kind: 'assigned', given: [{ ...v4, how: 'held' }] },
    false,
    ['assigned 198.51.100.7 from Eip web (7 left)'],
  ],
  [
    'joined, where nobody else is any more',
    { kind: 'assigned', given: [{ ...v4, how: 'shared' }] },
    false,
    ['assigned 198.51.100.7 from Eip web (7 left)'],
  ],
  [
    'one a family; more addresses than readers of JSON agree on, as status.poolSize has it',
    { kind: 'assigned', given: [v4, v6] },
    false,
    [
      'assigned 198.51.100.7 from Eip web (7 left)',
      'assigned 2001:db8:: from Eip web6 (more than 9007199254740991 left)',
    ],
  ],
  [
    'a dry run counts the address that it would take',
    { kind: 'assigned', given: [{ ...v4, address: addr('198.51.100.0') }] },
    true,
    ['would assign 198.51.100.0 from Eip web (6 left)'],
  ],
  [
    'one family lacking',
    {
      kind: 'assigned',
      given: [v4],
      lacking: { reason: 'EipFamilyMismatch', message: 'Eip web has no IPv6 addresses' },
    },
    false,
    ['assigned 198.51.100.7 from Eip web (7 left)', 'pending: Eip web has no IPv6 addresses'],
  ],
])('assigned: %s', (_, choice, dryRun, expected) => {
  expect(assignedWarnings(choice, { taken: ledger, isSelf, dryRun })).toEqual(expected);
});

it.each(['free', 'held', 'shared'] as const)('says shared where another Service has the address: %s', (how) => {
  const taken = ledgerOf(claim('198.51.100.7', [holder('front'), holder('back')]));
  const choice: Assigned = { kind: 'assigned', given: [{ ...v4, how }] };
  expect(assignedWarnings(choice, { taken, isSelf, dryRun: false })).toEqual([
    'assigned 198.51.100.7 from Eip web (shared, 7 left)',
  ]);
});

it('says what is kept while a Service waits', () => {
  expect(pendingWarnings('Eip gone is not there', [])).toEqual(['pending: Eip gone is not there']);
  expect(pendingWarnings('Eip gone is not there', [{ ...v4, how: 'held' }])).toEqual([
    'pending: Eip gone is not there',
    'keeps 198.51.100.7 until then',
  ]);
});

describe('loadBalancerSourceRanges', () => {
  const open = (family: Family) =>
    `spec.loadBalancerSourceRanges has no IPv${family} range: the IPv${family} address is open to everyone`;
  it.each<[string, string[], Family[], string[]]>([
    ['none', [], [4, 6], []],
    ['both families', ['192.0.2.0/24', '2001:db8::/32'], [4, 6], []],
    ['IPv4 only, on both families', ['192.0.2.0/24'], [4, 6], [open(6)]],
    ['IPv6 only, on both families', ['2001:db8::/32 '], [4, 6], [open(4)]],
    ['IPv4 only, on IPv4', ['192.0.2.0/24'], [4], []],
    ['IPv4 only, on IPv6', ['192.0.2.0/24'], [6], [open(6)]],
    ['what is no range is left to the API server', ['nonsense'], [4, 6], []],
  ])('%s', (_, loadBalancerSourceRanges, families, expected) => {
    const one: Service = service({}, { loadBalancerSourceRanges });
    expect(sourceRangeWarnings(one, addressRequest({ families }))).toEqual(expected);
  });
});

it.each<[string, Service['spec'], ('bgp' | 'layer2' | 'vip')[], boolean]>([
  ['by BGP', { sessionAffinity: 'ClientIP' }, ['bgp'], true],
  ['on layer 2', { sessionAffinity: 'ClientIP' }, ['layer2'], false],
  ['by vip', { sessionAffinity: 'ClientIP' }, ['vip'], false],
  ['by both, one a family', { sessionAffinity: 'ClientIP' }, ['layer2', 'bgp'], true],
  ['none asked for', { sessionAffinity: 'None' }, ['bgp'], false],
  ['not written', {}, ['bgp'], false],
])('session affinity %s', (_, spec, protocols, isWarned) => {
  const eips = protocols.map((protocol) => ({ protocol }));
  expect(affinityWarnings(service({}, spec), eips)).toHaveLength(isWarned ? 1 : 0);
});

it('session affinity by BGP from one node at a time holds', () => {
  const warned = ([1, 2] as const).map((announcers) =>
    affinityWarnings(service({}, { sessionAffinity: 'ClientIP' }), [{ ...web, bgp: { ...PLAIN_BGP, announcers } }]),
  );
  expect(warned.map(({ length }) => length)).toEqual([0, 1]);
});

it('sentences that people see every day fit the 120 characters that are advised', () => {
  const shown = [
    ...assignedWarnings({ kind: 'assigned', given: [v4, v6] }, { taken: ledger, isSelf, dryRun: false }),
    ...sourceRangeWarnings(
      service({}, { loadBalancerSourceRanges: ['192.0.2.0/24'] }),
      addressRequest({ families: [4, 6] }),
    ),
    ...affinityWarnings(service({}, { sessionAffinity: 'ClientIP' }), [web]),
  ];
  for (const line of shown) expect(line.length).toBeLessThanOrEqual(120);
});

it.each<[string, string | undefined, Record<string, string>, string[]]>([
  [
    'another address',
    '198.51.100.8',
    { 'eip.openelb.kubesphere.io/v1alpha1': '198.51.100.7' },
    [
      'spec.loadBalancerIP: "198.51.100.8" has no effect beside the annotation eip.openelb.kubesphere.io/v1alpha1; remove one of the two',
    ],
  ],
  ['the same', '198.51.100.7', { 'eip.openelb.kubesphere.io/v1alpha1': '198.51.100.7' }, []],
  ['an empty annotation', '198.51.100.7', { 'eip.openelb.kubesphere.io/v1alpha1': '' }, []],
  ['the annotation alone', undefined, { 'eip.openelb.kubesphere.io/v1alpha1': '198.51.100.7' }, []],
])('a requested address beside %s', (_, loadBalancerIP, annotations, expected) => {
  const one: Service = {
    metadata: { annotations },
    spec: { type: 'LoadBalancer', ...(loadBalancerIP !== undefined && { loadBalancerIP }) },
  };
  expect(overriddenWarnings(one)).toEqual(expected);
});
