import {
  decideLeaving,
  decidePublication,
  type PublicationFacts,
} from '../../../../allocator/services/decide-publication.ts';
import { servicePatch } from '../../../../allocator/services/service-patch.ts';
import type { ConditionUpdate } from '../../../../lib/api/meta/conditions.ts';
import type { Condition } from '../../../../lib/api/meta/object.ts';
import { withManagedMetadata } from '../../../../lib/api/service/managed-metadata.ts';
import type { Service } from '../../../../lib/api/service/service.ts';
import type { Assignment } from '../../../../lib/ipam/assignment/decide-assignment.ts';
import type { HeldAddress } from '../../../../lib/ipam/choice/held-address.ts';
import { type Address, formatAddress } from '../../../../lib/net/address.ts';
import { addr, claim, holder, NOW_MS, service } from '../builders.ts';

const own = holder('front');
const heldAddress = (address: string, state: HeldAddress['eip'] = 'usable'): HeldAddress => ({
  address: addr(address),
  claim: claim(address, [own]),
  own,
  eipName: 'web',
  eip: state,
  isEstablished: true,
});
const has = (...addresses: string[]): Assignment => ({
  uses: addresses.map((address) => ({ address: addr(address), eipName: 'web' })),
  hasAddress: true,
  reason: 'Assigned',
  message: addresses.map((address) => `${address} from Eip web`).join(', '),
  waits: 'no',
  waitsFor: [],
  isComplete: true,
});
const waits: Assignment = {
  uses: [],
  hasAddress: false,
  reason: 'EipFull',
  message: 'full',
  waits: 'must',
  waitsFor: [],
  isComplete: false,
};
const keeps = (address: string): Assignment => ({
  ...has(address),
  reason: 'KeepsFormerAddress',
  waits: 'must',
  waitsFor: [],
  isComplete: false,
});
const facts = (of: Service, differs: Partial<PublicationFacts> = {}): PublicationFacts => ({
  service: of,
  heldAddresses: [],
  token: 'token-front',
  isTakenByOthers: () => false,
  isOfEip: (address) => ['10.', '2001:db8:'].some((start) => formatAddress(address).startsWith(start)),
  announcedOf: () => undefined,
  routeOverridesOf: () => undefined,
  isByDefault: false,
  waitsSince: '2026-01-02T00:00:00.000Z',
  ...differs,
});
const ips = (decision: ReturnType<typeof decidePublication>): (string | undefined)[] =>
  decision.ingress.map(({ ip }) => ip);

/** The Service as it stands once the decision is written. */
function written(of: Service, decision: ReturnType<typeof decidePublication>): Service {
  const optedIn = { ...of, metadata: { ...of.metadata, annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb' } } };
  return {
    ...withManagedMetadata(optedIn, decision.managedMetadata),
    status: {
      loadBalancer: { ingress: decision.ingress },
      conditions: decision.verdicts.map((verdict) => ({ ...verdict, lastTransitionTime: '2026-01-02T00:00:00Z' })),
    },
  };
}

test('a Service that gets its address: marks, status, condition, Event', () => {
  const decision = decidePublication(facts(service()), has('10.0.0.1'));
  expect(decision).toEqual({
    managedMetadata: {
      addresses: '10.0.0.1',
      token: 'token-front',
      eip: 'web',
    },
    ingress: [{ ip: '10.0.0.1', ipMode: 'VIP' }],
    addresses: [addr('10.0.0.1')],
    verdicts: [
      { type: 'skycap.io/AddressAssigned', status: 'True', reason: 'Assigned', message: '10.0.0.1 from Eip web' },
    ],
    events: [{ type: 'Normal', reason: 'AssignIP', action: 'Assign', message: 'assigned 10.0.0.1 from Eip web' }],
  });
});

test('all that changes goes in one patch, which fails for whoever decided by an old state', () => {
  const of = service({
    annotations: { 'skycap.io/waiting-since': '2026-01-01T00:00:00.000Z' },
    metadata: { finalizers: ['finalizer.lb.kubesphere.io/v1alpha1', 'x/y'] },
  });
  expect(servicePatch(of, decidePublication(facts(of), has('10.0.0.1')), NOW_MS)).toEqual({
    metadata: {
      uid: 'uid-front',
      resourceVersion: '1',
      annotations: {
        'skycap.io/addresses': '10.0.0.1',
        'skycap.io/claim': 'token-front',
        'skycap.io/waiting-since': null,
      },
      labels: { 'eip.openelb.kubesphere.io/v1alpha2': 'web' },
      '$deleteFromPrimitiveList/finalizers': ['finalizer.lb.kubesphere.io/v1alpha1'],
    },
    status: {
      loadBalancer: { ingress: [{ ip: '10.0.0.1', ipMode: 'VIP' }] },
      conditions: [
        {
          type: 'skycap.io/AddressAssigned',
          status: 'True',
          reason: 'Assigned',
          message: '10.0.0.1 from Eip web',
          lastTransitionTime: '2026-01-02T00:00:00Z',
        },
      ],
    },
  });
});

test.each([
  ['has its address', has('10.0.0.1', '2001:db8::1')],
  ['waits', waits],
  ['keeps its address', keeps('10.0.0.1')],
])('a Service that %s and stands as it should is not written, and nothing is told', (_, assignment) => {
  const of = service();
  const stands = written(of, decidePublication(facts(of), assignment));
  const again = decidePublication(facts(stands), assignment);
  expect(again.events).toEqual([]);
  const patch = servicePatch(stands, again, NOW_MS + 60_000);
  expect(patch).toBeUndefined();
});

test('a Service that waits: since when, why, and a warning once', () => {
  const decision = decidePublication(facts(service()), waits);
  expect(decision.managedMetadata).toEqual({ waitingSince: '2026-01-02T00:00:00.000Z' });
  expect(decision.verdicts).toMatchObject([{ status: 'False', reason: 'EipFull' }]);
  expect(decision.events).toEqual([
    { type: 'Warning', reason: 'AddressPending', action: 'Assign', message: 'EipFull: full' },
  ]);
  const known = service({ annotations: { 'skycap.io/waiting-since': '2026-01-01T12:00:00.000Z' } });
  expect(decidePublication(facts(known), waits).managedMetadata.waitingSince).toBe('2026-01-01T12:00:00.000Z');
});

test('a Service that keeps an address is told why under that word, and not as pending', () => {
  const keeps: Assignment = {
    ...waits,
    hasAddress: true,
    reason: 'KeepsFormerAddress',
    message: 'keeps 10.0.0.1: full',
  };
  expect(decidePublication(facts(service()), keeps).events).toEqual([
    { type: 'Warning', reason: 'KeepsFormerAddress', action: 'Assign', message: 'keeps 10.0.0.1: full' },
  ]);
});

test.each<[string, Service, Partial<PublicationFacts>, Assignment, string[]]>([
  ['unknown to us stays', service({ published: ['192.0.2.9'] }), {}, waits, ['192.0.2.9']],
  [
    'unknown to us stays beside a fulfilled wish',
    service({ published: ['192.0.2.9'] }),
    {},
    has('10.0.0.1'),
    ['192.0.2.9', '10.0.0.1'],
  ],
  [
    'that OpenELB gave of an Eip that is no more goes, the wish being fulfilled',
    service({ published: ['192.0.2.9'], labels: { 'eip.openelb.kubesphere.io/v1alpha2': 'lost' } }),
    {},
    has('10.0.0.1'),
    ['10.0.0.1'],
  ],
  [
    'that its Eip’s deletion released goes',
    service({ published: ['10.0.0.1'] }),
    { heldAddresses: [heldAddress('10.0.0.1', 'released')] },
    waits,
    [],
  ],
  ['that it does not hold stays', service({ published: ['10.0.0.1'] }), {}, waits, ['10.0.0.1']],
  [
    'that is kept stays',
    service({ published: ['10.0.0.1'] }),
    { heldAddresses: [heldAddress('10.0.0.1')] },
    keeps('10.0.0.1'),
    ['10.0.0.1'],
  ],
  ['that is replaced in its family goes', service({ published: ['10.0.0.1'] }), {}, keeps('10.0.0.2'), ['10.0.0.2']],
  [
    'of the other family stays while the wish is not fulfilled',
    service({ published: ['10.0.0.1', '2001:db8::9'] }),
    {},
    keeps('10.0.0.1'),
    ['10.0.0.1', '2001:db8::9'],
  ],
  [
    'beside a fulfilled wish goes',
    service({ published: ['10.0.0.1', '2001:db8::9'] }),
    {},
    has('10.0.0.1'),
    ['10.0.0.1'],
  ],
])('a published address %s', (_, of, differs, assignment, expected) => {
  expect(ips(decidePublication(facts(of, differs), assignment))).toEqual(expected);
});

test('an address of an Eip that another controller put beside ours goes, and is not told as released', () => {
  const of = written(service(), decidePublication(facts(service()), has('10.0.0.1')));
  const ingress = [...(of.status?.loadBalancer?.ingress ?? []), { ip: '10.0.0.2' }];
  const meddled = { ...of, status: { ...of.status, loadBalancer: { ingress } } };
  const decision = decidePublication(facts(meddled), has('10.0.0.1'));
  expect([ips(decision), decision.events]).toEqual([['10.0.0.1'], []]);
});

test('an address that another controller took away is written again, and not told as assigned once more', () => {
  const of = written(service(), decidePublication(facts(service()), has('10.0.0.1')));
  const theirs = [{ hostname: 'lb.example.com' }];
  const decision = decidePublication(
    facts({ ...of, status: { ...of.status, loadBalancer: { ingress: theirs } } }),
    has('10.0.0.1'),
  );
  expect(decision.ingress).toEqual([...theirs, { ip: '10.0.0.1', ipMode: 'VIP' }]);
  expect(decision.events).toEqual([]);
});

test('what tells of the origin of an address that is published and not held is left', () => {
  const of = service({
    published: ['192.0.2.9'],
    annotations: { 'skycap.io/addresses': '192.0.2.9', 'skycap.io/claim': 't' },
    labels: { 'eip.openelb.kubesphere.io/v1alpha2': 'lost' },
  });
  expect(decidePublication(facts(of), waits).managedMetadata).toMatchObject({
    addresses: '192.0.2.9',
    token: 't',
    eip: 'lost',
  });
});

test('an address of a lost claim that stays beside another is told of as ours, and goes when the Service leaves', () => {
  const of = service({
    published: ['10.0.0.9', '2001:db8::1'],
    annotations: { 'skycap.io/addresses': '10.0.0.9,2001:db8::1' },
  });
  const { managedMetadata, ingress } = decidePublication(facts(of), {
    ...has('2001:db8::1'),
    isComplete: false,
    waits: 'may',
  });
  expect(ingress.map(({ ip }) => ip)).toEqual(['2001:db8::1', '10.0.0.9']);
  expect(managedMetadata.addresses).toBe('2001:db8::1,10.0.0.9');
});

test('an address that changes is told as given and as released', () => {
  const events = decidePublication(facts(service({ published: ['10.0.0.1'] })), has('10.0.0.2')).events;
  expect(events.map(({ reason, message }) => `${reason} ${message}`)).toEqual([
    'AssignIP assigned 10.0.0.2 from Eip web',
    'ReleaseIP released 10.0.0.1',
  ]);
});

test('a Service that is ours by the default Eip alone says so', () => {
  const { verdicts } = decidePublication(facts(service(), { isByDefault: true }), has('10.0.0.1'));
  expect(verdicts[1]).toMatchObject({ type: 'skycap.io/ByDefault', status: 'True', reason: 'DefaultEip' });
});

test('the end of a contest is worth a write of its own, whatever is announced now', () => {
  const contested = {
    type: 'skycap.io/Announced',
    status: 'Unknown',
    reason: 'StatusContested',
    message: '',
    lastTransitionTime: '2026-01-02T00:00:00Z',
  } as const;
  const stands = written(service(), decidePublication(facts(service()), has('10.0.0.1')));
  const of = { ...stands, status: { ...stands.status, conditions: [...(stands.status?.conditions ?? []), contested] } };
  const patchOf = (announced: Pick<ConditionUpdate, 'status' | 'reason'>) => {
    const verdict = { type: 'skycap.io/Announced', message: '', ...announced };
    return servicePatch(of, decidePublication(facts(of, { announcedOf: () => verdict }), has('10.0.0.1')), NOW_MS);
  };
  expect(patchOf(contested)).toBeUndefined();
  for (const reason of ['Announced', 'NoOwner'] as const) {
    expect(patchOf({ status: 'True', reason })?.status?.conditions).toMatchObject([
      { type: 'skycap.io/Announced', reason },
    ]);
  }
});

describe('a Service that stops being ours', () => {
  const condition: Condition = {
    type: 'skycap.io/AddressAssigned',
    status: 'True',
    reason: 'Assigned',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  const of = service({
    published: ['10.0.0.1', '192.0.2.9'],
    annotations: { 'skycap.io/addresses': '10.0.0.1', 'skycap.io/claim': 't', 'example.com/theirs': 'x' },
    labels: { 'eip.openelb.kubesphere.io/v1alpha2': 'web', theirs: 'x' },
    conditions: [condition, { ...condition, type: 'example.com/Theirs' }],
  });

  const isOfEip = (address: Address): boolean => formatAddress(address).startsWith('10.');

  test('loses what was ours and nothing else', () => {
    const decision = decideLeaving({ service: of, heldAddresses: [heldAddress('10.0.0.1')], isOfEip });
    expect(servicePatch(of, decision, NOW_MS)).toEqual({
      metadata: {
        uid: 'uid-front',
        resourceVersion: '1',
        annotations: { 'skycap.io/addresses': null, 'skycap.io/claim': null },
        labels: { 'eip.openelb.kubesphere.io/v1alpha2': null },
      },
      status: {
        loadBalancer: { ingress: [{ ip: '192.0.2.9', ipMode: 'VIP' }] },
        conditions: [{ $patch: 'delete', type: 'skycap.io/AddressAssigned' }],
      },
    });
  });

  test('loses it too when its claim was deleted by hand', () => {
    expect(decideLeaving({ service: of, heldAddresses: [], isOfEip: () => false }).ingress.map(({ ip }) => ip)).toEqual(
      ['192.0.2.9'],
    );
  });

  test('loses it too when its marks were forged, and its claim is not known by them', () => {
    const annotations = { 'skycap.io/addresses': '10.0.0.77', 'skycap.io/claim': 'x' };
    const forged = { ...of, metadata: { ...of.metadata, annotations } };
    const { ingress } = decideLeaving({ service: forged, heldAddresses: [], isOfEip });
    expect(ingress.map(({ ip }) => ip)).toEqual(['192.0.2.9']);
  });

  test('loses what our condition names, its marks, claims and Eips being gone', () => {
    const message = '10.0.0.1 from Eip web, 2001:db8:: from Eip web-ipv6';
    const named = (status: Condition['status']) =>
      service({ published: ['10.0.0.1', '192.0.2.9', '2001:db8::'], conditions: [{ ...condition, status, message }] });
    const left = (status: Condition['status']) =>
      decideLeaving({ service: named(status), heldAddresses: [], isOfEip: () => false }).ingress.map(({ ip }) => ip);
    expect(left('True')).toEqual(['192.0.2.9']);
    // One that says what it waits for names what may be another's.
    expect(left('False')).toEqual(['10.0.0.1', '192.0.2.9', '2001:db8::']);
  });

  test('is not touched where nothing of ours is on it', () => {
    const foreign = service({ published: ['192.0.2.9'], annotations: { 'skycap.io/sharing-key': 'x' } });
    expect(
      servicePatch(foreign, decideLeaving({ service: foreign, heldAddresses: [], isOfEip: () => true }), NOW_MS),
    ).toBeUndefined();
  });
});
