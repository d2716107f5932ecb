import { type EipFacts, eipStatus, MOST_LISTED } from '../../../../allocator/status/eip-status.ts';
import { mergeDiff } from '../../../../allocator/status/merge-diff.ts';
import { parseEip, unsupportedEipFields } from '../../../../lib/api/eip/parse-eip.ts';
import { claimName } from '../../../../lib/api/skycap/claim.ts';
import { Withheld } from '../../../../lib/ipam/pools/withheld.ts';
import { addressOf } from '../../../../lib/net/address.ts';
import { claim, eipObject, holder, NOW_MS } from '../builders.ts';

const facts = (object: EipFacts['object'], differs: Partial<EipFacts> = {}): EipFacts => ({
  object,
  parsed: parseEip(object),
  overlaps: undefined,
  secondTo: undefined,
  claims: [],
  withheld: undefined,
  waiting: 0,
  unsupported: unsupportedEipFields(object),
  announced: undefined,
  nowMs: NOW_MS,
  ...differs,
});
const words = (status: ReturnType<typeof eipStatus>): string[] =>
  (status.conditions ?? []).map(({ type, status: is, reason }) => `${type} ${is} ${reason}`);

test('an Eip with nothing given: no field is left out, so that no column stands empty', () => {
  expect(eipStatus(facts(eipObject('web', '198.51.100.1/24')))).toMatchObject({
    firstIP: '198.51.100.0',
    lastIP: '198.51.100.255',
    poolSize: 256,
    v4: true,
    used: {},
    usage: 0,
    occupied: false,
    ready: true,
  });
});

test('used has canonical addresses and their Services, sharers in order of arrival; usage counts addresses', () => {
  const { name: _, uid: __, ...unnamed } = holder('x');
  const claims = [
    claim('198.51.100.1', [holder('b'), holder('a', { namespace: 'other' })]),
    claim('198.51.100.2', [unnamed]),
  ];
  expect(eipStatus(facts(eipObject('web', '198.51.100.0/30'), { claims }))).toMatchObject({
    used: { '198.51.100.1': 'shop/b;other/a', '198.51.100.2': 'shop/(being created)' },
    usage: 2,
    occupied: false,
  });
});

test.each([
  ['one address', '198.51.100.1', 1, true],
  ['an IPv6 /64 counts as far as JSON can', '2001:db8::/64', Number.MAX_SAFE_INTEGER, false],
])('%s', (_, address, poolSize, occupied) => {
  const claims = [claim(address.includes(':') ? '2001:db8::' : '198.51.100.1', [holder('front')])];
  const status = eipStatus(facts(eipObject('web', address), { claims }));
  expect([status.poolSize, status.occupied, status.v4]).toEqual([poolSize, occupied, !address.includes(':')]);
});

test.each<[string, EipFacts, string[]]>([
  ['fine', facts(eipObject('web', '10.0.0.0/24')), ['Accepted True Accepted', 'Ready True Ready']],
  ['not readable', facts(eipObject('web', 'nonsense')), ['Accepted False Invalid', 'Ready False Invalid']],
  [
    'overlapping',
    facts(eipObject('web', '10.0.0.0/24'), { overlaps: 'older' }),
    ['Accepted False Overlaps', 'Ready False Overlaps'],
  ],
  [
    'disabled',
    facts(eipObject('web', '10.0.0.0/24', { spec: { address: '10.0.0.0/24', disable: true } })),
    ['Accepted True Accepted', 'Ready False EipDisabled'],
  ],
  [
    'being deleted',
    facts(eipObject('web', '10.0.0.0/24', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })),
    ['Accepted True Accepted', 'Ready False EipDeleting'],
  ],
  [
    'of a protocol for which a field of it has no effect',
    facts(eipObject('web', '10.0.0.0/24', { spec: { address: '10.0.0.0/24', protocol: 'bgp', interface: 'eth0' } })),
    ['Accepted True Accepted', 'Ready True Ready', 'Supported False Unsupported'],
  ],
  [
    'the second default of its family',
    facts(eipObject('web', '10.0.0.0/24'), { secondTo: 'older' }),
    ['Accepted True Accepted', 'Ready True Ready', 'Default False NotTheDefault'],
  ],
  [
    'announced by a CNI',
    facts(eipObject('web', '10.0.0.0/24'), {
      announced: { type: 'Announced', status: 'False', reason: 'AnnouncedByCni', message: '' },
    }),
    ['Accepted True Accepted', 'Ready True Ready', 'Announced False AnnouncedByCni'],
  ],
])('an Eip that is %s says so', (_, given, expected) => {
  const status = eipStatus(given);
  expect(words(status)).toEqual(expected);
  expect(status.ready).toBe(expected.includes('Ready True Ready'));
});

const full = [claim('10.0.0.0', [holder('a')]), claim('10.0.0.1', [holder('b')])];
test.each<[string, Partial<EipFacts>, string, string | undefined]>([
  ['with one address left', { claims: full.slice(1), waiting: 1 }, 'True Ready', undefined],
  [
    'full, and nobody waits',
    { claims: full },
    'False EipFull',
    'every address is in use, and no Service waits; enlarge the Eip, add another, or delete a Service',
  ],
  [
    'full, and one waits',
    { claims: full, waiting: 1 },
    'False EipFull',
    'every address is in use, and 1 Service waits for one; enlarge the Eip, add another, or delete a Service',
  ],
  [
    'full, and many wait',
    { claims: full, waiting: 12 },
    'False EipFull',
    'every address is in use, and 12 Services wait for one; enlarge the Eip, add another, or delete a Service',
  ],
  [
    'with a claim of an address that it has no more',
    { claims: [full[0]!, claim('10.0.0.9', [holder('c')])] },
    'True Ready',
    undefined,
  ],
])('an Eip %s', (_, differs, ready, message) => {
  const status = eipStatus(facts(eipObject('web', '10.0.0.0/31'), differs));
  const condition = status.conditions?.find(({ type }) => type === 'Ready');
  expect(`${condition?.status} ${condition?.reason}`).toBe(ready);
  if (message !== undefined) expect(condition?.message).toBe(message);
  expect([status.waiting, status.occupied, status.ready]).toEqual([
    differs.waiting ?? 0,
    ready === 'False EipFull',
    ready === 'True Ready',
  ]);
});

test('what is reserved is counted, and counts as full with the rest', () => {
  const node = (at: bigint) => ({ range: { family: 4 as const, first: at, last: at }, what: 'an address of node n1' });
  const of = (object: EipFacts['object'], differs: Partial<EipFacts> = {}) => {
    const given = facts(object, differs);
    if (!given.parsed.ok) throw new Error('Cannot read the Eip');
    return eipStatus({
      ...given,
      withheld: new Withheld(given.parsed.value, [node(0x0a00_0001n), node(0x0a00_0002n)]),
    });
  };
  const counts = (status: ReturnType<typeof eipStatus>) => [
    status.poolSize,
    status.usage,
    status.reserved,
    status.ready,
  ];
  const some = of(eipObject('web', '10.0.0.0/30'), { claims: full.slice(0, 1) });
  expect(counts(some)).toEqual([4, 1, 2, true]);
  expect(some.conditions?.find(({ type }) => type === 'Reserved')).toMatchObject({
    status: 'True',
    reason: 'AddressReserved',
    message:
      '2 of 4 addresses are given to nobody: 10.0.0.1 is an address of node n1, 10.0.0.2 is an address of node n1',
  });
  // One of the two in use was given before it was reserved.
  const almost = of(eipObject('web', '10.0.0.0/30'), { claims: full });
  expect(counts(almost)).toEqual([4, 2, 1, true]);
  const all = of(eipObject('web', '10.0.0.0-10.0.0.2'), { claims: full, waiting: 1 });
  expect(counts(all)).toEqual([3, 2, 1, false]);
  expect(all.conditions?.find(({ type }) => type === 'Ready')?.message).toMatch(
    /^every address is in use or reserved, and 1 Service waits for one;/,
  );
  const avoiding = of(eipObject('web', '10.0.0.0/24', { spec: { address: '10.0.0.0/24', avoidBuggyIPs: true } }));
  expect(counts(avoiding)).toEqual([256, 0, 4, true]);
});

test('what has no effect is named', () => {
  const status = eipStatus(
    facts(eipObject('web', '10.0.0.0/24', { spec: { address: '10.0.0.0/24', interface: 'eth0' } })),
  );
  expect(status.conditions?.find(({ type }) => type === 'Supported')?.message).toMatch(
    /spec\.interface: "eth0" has no effect with protocol bgp/,
  );
});

test('the status of an Eip that cannot be read still accounts for what it gave', () => {
  const claims = [claim('10.0.0.1', [holder('front')])];
  expect(eipStatus(facts(eipObject('web', 'nonsense'), { claims }))).toMatchObject({
    usage: 1,
    poolSize: 0,
    firstIP: '',
    occupied: false,
  });
});

test('at rest nothing differs', () => {
  const claims = [claim('10.0.0.1', [holder('front')])];
  const object = eipObject('web', '10.0.0.0/24');
  const status = eipStatus(facts(object, { claims }));
  expect(
    mergeDiff(status, eipStatus(facts({ ...object, status }, { claims, nowMs: NOW_MS + 60_000 }))),
  ).toBeUndefined();
});

test('so many addresses are listed as fit into an object; all are counted', () => {
  const claims = Array.from({ length: MOST_LISTED + 5 }, (_, i) => {
    const address = addressOf(4, 0x0a00_0000n + BigInt(MOST_LISTED + 4 - i));
    return claim(address, [holder('front')], { name: claimName(address) });
  });
  const status = eipStatus(facts(eipObject('web', '10.0.0.0/16'), { claims }));
  expect([Object.keys(status.used ?? {}).length, status.usage]).toEqual([MOST_LISTED, MOST_LISTED + 5]);
  expect(status.used).toHaveProperty(['10.0.0.0']);
  expect(status.conditions?.[1]?.message).toContain(`lists the lowest ${MOST_LISTED}`);
});
