import { REASONS } from '../../../../../lib/api/reasons.ts';
import {
  type AssignmentFacts,
  decideAssignment,
  decideInvalid,
} from '../../../../../lib/ipam/assignment/decide-assignment.ts';
import type { Choice } from '../../../../../lib/ipam/choice/choose.ts';
import type { HeldAddress } from '../../../../../lib/ipam/choice/held-address.ts';
import { formatAddress } from '../../../../../lib/net/address.ts';
import { addr, addressRequest, claim, eip, holder } from '../../../allocator/builders.ts';

const own = holder('front');
const heldAddress = (address: string, state: HeldAddress['eip']): HeldAddress => ({
  address: addr(address),
  claim: claim(address, [own]),
  own,
  eipName: 'web',
  eip: state,
  isEstablished: true,
});
const web = eip('web', '10.0.0.0/24');
const given = (address: string) => ({ address: addr(address), eip: web, how: 'held' as const });
const full = { reason: 'EipFull', message: 'every address of Eip web (1 addresses) is in use; free one' } as const;
const decide = (facts: Partial<AssignmentFacts>) => {
  const assignment = decideAssignment({
    addressRequest: addressRequest(),
    choice: undefined,
    pinned: [],
    heldAddresses: [],
    eipProblemOf: () => ({ reason: 'EipInvalid', message: 'mend it' }),
    ...facts,
  });
  return { ...assignment, uses: assignment.uses.map(({ address }) => formatAddress(address)) };
};

test('what was chosen is what the Service has', () => {
  expect(decide({ choice: { kind: 'assigned', given: [given('10.0.0.1')] } })).toEqual({
    uses: ['10.0.0.1'],
    hasAddress: true,
    reason: 'Assigned',
    message: '10.0.0.1 from Eip web',
    waits: 'no',
    waitsFor: [],
    isComplete: true,
  });
});

test('addresses stand in the order of the families, pinned ones among them', () => {
  const assignment = decide({
    addressRequest: addressRequest({ families: [6, 4] }),
    choice: { kind: 'assigned', given: [given('10.0.0.1')] },
    pinned: [heldAddress('2001:db8::1', 'unusable')],
  });
  expect(assignment).toMatchObject({
    uses: ['2001:db8::1', '10.0.0.1'],
    reason: 'EipInvalid',
    hasAddress: true,
    isComplete: true,
  });
  expect(assignment.message).toBe('keeps 2001:db8::1 from Eip web, 10.0.0.1 from Eip web: mend it');
});

test('of two Eips in need of something each is named, once', () => {
  const eipProblemOf: AssignmentFacts['eipProblemOf'] = ({ eip: name }) => ({
    reason: 'KeepsFormerAddress',
    message: `Eip ${name} is gone`,
  });
  const six = heldAddress('2001:db8::1', 'unusable');
  const other = { ...six, claim: { ...six.claim, spec: { ...six.claim.spec, eip: 'six' } }, eipName: 'six' };
  const both = { addressRequest: addressRequest({ families: [4, 6] }), eipProblemOf };
  expect(decide({ ...both, pinned: [heldAddress('10.0.0.1', 'unusable'), other] })).toMatchObject({
    hasAddress: true,
    reason: 'KeepsFormerAddress',
    message: 'keeps 10.0.0.1 from Eip web, 2001:db8::1 from Eip six: Eip web is gone; Eip six is gone',
    waits: 'no',
  });
  expect(decide({ ...both, pinned: [heldAddress('10.0.0.1', 'unusable'), six] }).message).toMatch(/: Eip web is gone$/);
});

test('PreferDualStack with one family missing has its address, and would like the other', () => {
  const choice: Choice = { kind: 'assigned', given: [given('10.0.0.1')], lacking: full };
  expect(decide({ addressRequest: addressRequest({ families: [4, 6], need: 'any' }), choice })).toMatchObject({
    uses: ['10.0.0.1'],
    hasAddress: true,
    reason: 'Assigned',
    waits: 'may',
    waitsFor: [],
    isComplete: false,
    message: expect.stringContaining('without the second address for now: every address'),
  });
});

test('PreferDualStack with its one address from an Eip that can’t be read says both', () => {
  expect(
    decide({
      addressRequest: addressRequest({ families: [4, 6], need: 'any' }),
      choice: { kind: 'pending', keeps: [], ...full },
      pinned: [heldAddress('10.0.0.1', 'unusable')],
    }),
  ).toEqual({
    uses: ['10.0.0.1'],
    hasAddress: true,
    reason: 'EipInvalid',
    message: `keeps 10.0.0.1 from Eip web: mend it; without the second address for now: ${full.message}`,
    waits: 'may',
    waitsFor: [],
    isComplete: false,
  });
});

test.each(REASONS.slice(REASONS.indexOf('NoEipMatches'), REASONS.indexOf('SharingRefused') + 1))(
  '%s: who has nothing waits, and the condition says why',
  (reason) => {
    expect(decide({ choice: { kind: 'pending', keeps: [], reason, message: 'why; what helps' } })).toEqual({
      uses: [],
      hasAddress: false,
      reason,
      message: 'why; what helps',
      waits: 'must',
      waitsFor: [],
      isComplete: false,
    });
  },
);

test.each<[string, readonly HeldAddress[], string[]]>([
  ['of a usable Eip', [heldAddress('10.0.0.1', 'usable')], ['10.0.0.1']],
  ['of an unusable Eip', [heldAddress('10.0.0.1', 'unusable')], ['10.0.0.1']],
  ['not of an Eip whose deletion released it', [heldAddress('10.0.0.1', 'released')], []],
])('who waits for another address keeps the one it holds: %s', (_, heldAddresses, uses) => {
  const assignment = decide({ choice: { kind: 'pending', keeps: [], ...full }, heldAddresses });
  expect(assignment).toMatchObject({ uses, hasAddress: uses.length > 0, waits: 'must' });
  expect(assignment.reason).toBe(uses.length > 0 ? 'KeepsFormerAddress' : 'EipFull');
});

test('an Eip that would refuse a new Service lets an existing one wait', () => {
  expect(decide({ choice: { kind: 'refused', keeps: [], ...full } })).toMatchObject({
    hasAddress: false,
    reason: 'EipFull',
    waits: 'must',
    waitsFor: [],
  });
});

test.each([
  ['InvalidRequest', [{ field: 'spec.loadBalancerIP', value: 'x', message: 'is not an IP address' }]],
  [
    'NodeProxyUnsupported',
    [{ field: 'node-proxy.openelb.kubesphere.io/type', value: 'daemonset', message: 'is not supported' }],
  ],
] as const)('%s: who can’t be read gets nothing, keeps what it has, and does not wait', (reason, problems) => {
  expect(decideInvalid(problems, [], addressRequest())).toMatchObject({
    uses: [],
    hasAddress: false,
    reason,
    waits: 'no',
  });
  expect(decideInvalid(problems, [heldAddress('10.0.0.1', 'unusable')], addressRequest())).toMatchObject({
    hasAddress: true,
    reason: 'KeepsFormerAddress',
    waits: 'no',
    waitsFor: [],
  });
});

test('those who have an address together keep it, and each is told what is in the way', () => {
  const back = holder('back');
  const shared = { ...heldAddress('10.0.0.1', 'usable'), claim: claim('10.0.0.1', [own, back]) };
  const assignment = decide({ choice: { kind: 'assigned', given: [given('10.0.0.1')] }, heldAddresses: [shared] });
  expect(assignment).toEqual({
    uses: ['10.0.0.1'],
    hasAddress: true,
    reason: 'KeepsFormerAddress',
    message:
      'keeps 10.0.0.1 from Eip web: Service shop/back has it; give both the same annotation skycap.io/sharing-key to share it; Service shop/back uses port 80/TCP of it; choose another port',
    waits: 'no',
    waitsFor: [],
    isComplete: true,
  });
  const waiting = decide({ choice: { kind: 'pending', keeps: [], ...full }, heldAddresses: [shared] });
  expect(waiting).toMatchObject({ uses: ['10.0.0.1'], reason: 'KeepsFormerAddress', waits: 'must' });
  expect(waiting.message).toMatch(/^keeps 10\.0\.0\.1 from Eip web: every address .*; Service shop\/back has it; /);
});

test('who can’t be read stays where another holder has one of its ports now, and is told', () => {
  const back = holder('back', { sharingKey: 'k', ports: [{ port: 81, protocol: 'TCP' }] });
  const front = holder('front', { sharingKey: 'k' });
  const shared = { ...heldAddress('10.0.0.1', 'usable'), own: front, claim: claim('10.0.0.1', [front, back]) };
  const problems = [{ field: 'spec.loadBalancerIP', value: 'x', message: 'is not an IP address' }];
  const at = (port: number) =>
    decideInvalid(problems, [shared], addressRequest({ ports: [{ port, protocol: 'TCP' }] }));
  expect(at(82)).toMatchObject({ uses: [{}], message: expect.not.stringContaining('port 81') });
  expect(at(81)).toMatchObject({ uses: [{}], message: expect.stringContaining('back uses port 81/TCP') });
});

test('what is in the way is told by what a Service says, not by a claim that is ahead of it or behind', () => {
  const back = holder('back', { sharingKey: 'k' });
  const front = holder('front', { sharingKey: 'k' });
  const shared = { ...heldAddress('10.0.0.1', 'usable'), own: front, claim: claim('10.0.0.1', [front, back]) };
  const facts = {
    addressRequest: addressRequest({ sharingKey: 'k' }),
    choice: { kind: 'assigned', given: [given('10.0.0.1')] },
  } as const;
  expect(decide({ ...facts, heldAddresses: [shared] }).reason).toBe('KeepsFormerAddress');
  const asStored = (one: typeof back) => ({ ...one, ports: [{ port: 81, protocol: 'TCP' as const }] });
  expect(decide({ ...facts, heldAddresses: [shared], asStored }).reason).toBe('Assigned');
});
