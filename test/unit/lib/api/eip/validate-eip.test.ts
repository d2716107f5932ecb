/** The rules that need the other Eips and the addresses in use. */
import fc from 'fast-check';
import type { Eip } from '../../../../../lib/api/eip/eip.ts';
import { parseEip } from '../../../../../lib/api/eip/parse-eip.ts';
import { type LiveAddress, validateEip } from '../../../../../lib/api/eip/validate-eip.ts';
import { formatProblems } from '../../../../../lib/api/problem.ts';
import { addressOf, formatAddress } from '../../../../../lib/net/address.ts';
import { rangeContains, rangesOverlap } from '../../../../../lib/net/range.ts';

function eip(name: string, address: string, overrides: Partial<Eip> = {}): Eip {
  const parsed = parseEip({ metadata: { name }, spec: { address } });
  if (!parsed.ok) throw new Error(formatProblems(parsed.problems));
  return { ...parsed.value, ...overrides };
}

const nothingLive = (): readonly LiveAddress[] => [];
const web = eip('web', '198.51.100.0/24');
const LIVE: readonly LiveAddress[] = [
  { address: '198.51.100.7', services: ['shop/front'] },
  { address: '198.51.100.200', services: ['shop/b', 'shop/a'] },
];

const rows: readonly {
  readonly name: string;
  readonly eip: Eip;
  readonly others?: readonly Eip[];
  readonly old?: Eip;
  readonly live?: readonly LiveAddress[];
  readonly expected: string;
}[] = [
  {
    name: 'accepts an Eip beside others',
    eip: web,
    others: [eip('v6', '2001:db8::/64'), eip('b', '198.51.101.0/24')],
    expected: '',
  },
  {
    name: 'refuses an overlap, naming the other Eip',
    eip: eip('new', '198.51.100.128/25'),
    others: [web],
    expected:
      'spec.address: "198.51.100.128-198.51.100.255" overlaps Eip "web" (198.51.100.0-198.51.100.255); write addresses that no other Eip has',
  },
  {
    name: 'names every Eip that it overlaps, in order',
    eip: eip('all', '192.0.0.0/16'),
    others: [eip('b', '192.0.2.7'), eip('a', '192.0.2.9'), eip('c', '2001:db8::1')],
    expected: [
      'spec.address: "192.0.0.0-192.0.255.255" overlaps Eip "a" (192.0.2.9); write addresses that no other Eip has',
      'spec.address: "192.0.0.0-192.0.255.255" overlaps Eip "b" (192.0.2.7); write addresses that no other Eip has',
    ].join('; '),
  },
  { name: 'does not compare an Eip with itself', eip: web, others: [web], old: web, expected: '' },
  {
    name: 'lets an Eip that overlaps since before change its labels or finalizers',
    eip: eip('late', '198.51.100.0/30'),
    others: [web],
    old: eip('late', '198.51.100.0/30'),
    expected: '',
  },
  {
    name: 'checks the overlap again when the addresses change',
    eip: eip('late', '198.51.100.0/29'),
    others: [web],
    old: eip('late', '198.51.100.0/30'),
    expected:
      'spec.address: "198.51.100.0-198.51.100.7" overlaps Eip "web" (198.51.100.0-198.51.100.255); write addresses that no other Eip has',
  },
  {
    name: 'refuses a second default, naming the first',
    eip: eip('new', '192.0.2.1', { isDefault: true }),
    others: [{ ...web, isDefault: true }],
    expected:
      'metadata.annotations[eip.openelb.kubesphere.io/is-default-eip]: "true" would make a second default Eip for IPv4; remove the annotation from Eip "web" first',
  },
  {
    name: 'accepts a default for the other family',
    eip: eip('new', '2001:db8::1', { isDefault: true }),
    others: [{ ...web, isDefault: true }],
    expected: '',
  },
  {
    name: 'refuses a second default of the family that the Eip is changed to',
    eip: eip('new', '192.0.2.1', { isDefault: true }),
    others: [{ ...web, isDefault: true }],
    old: eip('new', '2001:db8::1', { isDefault: true }),
    expected:
      'metadata.annotations[eip.openelb.kubesphere.io/is-default-eip]: "true" would make a second default Eip for IPv4; remove the annotation from Eip "web" first',
  },
  {
    name: 'accepts a default beside one that must be named, and so is none, and one that is being deleted',
    eip: eip('new', '192.0.2.1', { isDefault: true }),
    others: [
      { ...web, isDefault: true, autoAssign: false },
      eip('going', '192.0.2.2', { isDefault: true, isDeleting: true }),
    ],
    expected: '',
  },
  {
    name: 'refuses a default that must be named',
    eip: eip('new', '192.0.2.1', { isDefault: true, autoAssign: false }),
    others: [{ ...web, isDefault: true }],
    expected:
      'spec.autoAssign: "false" keeps the addresses for Services that name the Eip, and the annotation eip.openelb.kubesphere.io/is-default-eip gives them to Services that name none; remove one of the two',
  },
  {
    name: 'leaves one from before alone',
    eip: eip('new', '192.0.2.1', { isDefault: true, autoAssign: false, priority: 3 }),
    old: eip('new', '192.0.2.1', { isDefault: true, autoAssign: false }),
    expected: '',
  },
  {
    name: 'refuses a second default that must be named no more',
    eip: eip('new', '192.0.2.1', { isDefault: true }),
    others: [{ ...web, isDefault: true }],
    old: eip('new', '192.0.2.1', { isDefault: true, autoAssign: false }),
    expected:
      'metadata.annotations[eip.openelb.kubesphere.io/is-default-eip]: "true" would make a second default Eip for IPv4; remove the annotation from Eip "web" first',
  },
  {
    name: 'leaves two defaults from before alone',
    eip: eip('b', '192.0.2.1', { isDefault: true }),
    others: [{ ...web, isDefault: true }],
    old: eip('b', '192.0.2.1', { isDefault: true }),
    expected: '',
  },
  {
    name: 'lets an Eip grow under live addresses',
    eip: eip('web', '198.51.0.0/16'),
    old: web,
    live: LIVE,
    expected: '',
  },
  {
    name: 'lets it shrink around them',
    eip: eip('web', '198.51.100.7-198.51.100.200'),
    old: web,
    live: LIVE,
    expected: '',
  },
  {
    name: 'refuses to shrink under a live address, naming the Services',
    eip: eip('web', '198.51.100.0/25'),
    old: web,
    live: LIVE,
    expected:
      'spec.address: "198.51.100.0-198.51.100.127" leaves out addresses in use: 198.51.100.200 (shop/a, shop/b); keep them in the Eip, or delete those Services first',
  },
  {
    name: 'refuses to change the family under live addresses',
    eip: eip('web', '2001:db8::/64'),
    old: web,
    live: LIVE,
    expected:
      'spec.address: "2001:db8::-2001:db8::ffff:ffff:ffff:ffff" leaves out addresses in use: 198.51.100.7 (shop/front), 198.51.100.200 (shop/a, shop/b); keep them in the Eip, or delete those Services first',
  },
  {
    name: 'counts what it does not name',
    eip: eip('web', '192.0.2.1'),
    old: web,
    live: Array.from({ length: 8 }, (_, i) => ({ address: `198.51.100.${i + 1}`, services: [`ns/s${i + 1}`] })),
    expected:
      'spec.address: "192.0.2.1" leaves out addresses in use: 198.51.100.1 (ns/s1), 198.51.100.2 (ns/s2), 198.51.100.3 (ns/s3), 198.51.100.4 (ns/s4), 198.51.100.5 (ns/s5) and 3 more; keep them in the Eip, or delete those Services first',
  },
  {
    name: 'lets protocol, disabling and priority change under live addresses',
    eip: { ...web, protocol: 'layer2', disabled: true, priority: 9 },
    old: web,
    live: [{ address: '203.0.113.1', services: ['a/b'] }],
    expected: '',
  },
  {
    name: 'creates again with other addresses after a deletion',
    eip: eip('web', '192.0.2.0/24'),
    live: LIVE,
    expected: '',
  },
];

describe('validateEip()', () => {
  it.each(rows)('$name', ({ eip: written, others = [], old, live, expected }) => {
    const liveAddresses = live ? () => live : nothingLive;
    expect(formatProblems(validateEip(written, others, old, liveAddresses))).toBe(expected);
  });

  it('asks for the live addresses only when the addresses change', () => {
    const asked = () => {
      throw new Error('asked');
    };
    expect(validateEip({ ...web, priority: 1 }, [], web, asked)).toEqual([]);
  });

  const value = fc.bigInt({ min: 0n, max: 400n });
  const range = fc
    .tuple(value, value)
    .map(([a, b]) => (a < b ? { family: 4 as const, first: a, last: b } : { family: 4 as const, first: b, last: a }));

  it('accepts a new range if and only if it overlaps none and leaves no live address out that it had', () => {
    fc.assert(
      fc.property(range, range, range, fc.array(value), (before, after, other, live) => {
        const held = live.map((number) => ({ address: formatAddress(addressOf(4, number)), services: ['a/b'] }));
        const problems = validateEip(
          { ...web, range: after },
          [{ ...web, name: 'other', range: other }],
          { ...web, range: before },
          () => held,
        );
        const changed = before.first !== after.first || before.last !== after.last;
        const refused =
          rangesOverlap(after, other) ||
          live
            .map((number) => addressOf(4, number))
            .some((address) => rangeContains(before, address) && !rangeContains(after, address));
        expect(problems.length > 0).toBe(changed && refused);
      }),
    );
  });
});
