/** The Eips as a whole: the same answer for every component, whatever the order in which it heard of them. */
import fc from 'fast-check';
import type { Eip } from '../../../../../lib/api/eip/eip.ts';
import { buildPools } from '../../../../../lib/ipam/pools/pools.ts';
import { addressOf } from '../../../../../lib/net/address.ts';
import { rangesOverlap } from '../../../../../lib/net/range.ts';
import { addr, eip } from '../builders.ts';

const names = (eips: readonly Eip[]): string[] => eips.map((one) => one.name);

describe('automaticFor', () => {
  const bound = (name: string, third: number, differs: Partial<Eip> = {}): Eip =>
    eip(name, `198.51.${third}.0/24`, { namespaces: new Set(['shop']), ...differs });

  const rows: readonly (readonly [string, readonly Eip[], Readonly<Record<string, string>>, readonly string[]])[] = [
    ['nothing', [], {}, []],
    ['an Eip bound to nothing: OpenELB 0.5', [eip('common', '198.51.100.0/24')], {}, ['common']],
    ['an Eip bound to another namespace', [bound('a', 1, { namespaces: new Set(['office']) })], {}, []],
    ['an Eip bound to the namespace', [bound('a', 1)], {}, ['a']],
    [
      'an Eip selecting the namespace by all of its labels',
      [bound('a', 1, { namespaces: new Set(), namespaceSelector: { team: 'web', tier: 'gold' } })],
      { team: 'web', tier: 'gold', more: 'x' },
      ['a'],
    ],
    [
      'an Eip of whose labels the namespace has one only',
      [bound('a', 1, { namespaces: new Set(), namespaceSelector: { team: 'web', tier: 'gold' } })],
      { team: 'web' },
      [],
    ],
    [
      'names or labels: either will do',
      [
        bound('a', 1, { namespaceSelector: { team: 'web' } }),
        bound('b', 2, { namespaces: new Set(['x']), namespaceSelector: { team: 'web' } }),
      ],
      { team: 'web' },
      ['a', 'b'],
    ],
    [
      'bound first, then the default, then the rest',
      [eip('rest', '198.51.1.0/24'), eip('default', '198.51.2.0/24', { isDefault: true }), bound('mine', 3)],
      {},
      ['mine', 'default', 'rest'],
    ],
    [
      'the smaller priority first, then the name',
      [bound('c', 1, { priority: 5 }), bound('b', 2, { priority: 5 }), bound('d', 3, { priority: -1 })],
      {},
      ['d', 'b', 'c'],
    ],
    [
      'a default that is bound elsewhere is the default here: as in OpenELB',
      [eip('rest', '198.51.2.0/24'), bound('a', 1, { namespaces: new Set(['x']), isDefault: true })],
      {},
      ['a', 'rest'],
    ],
    [
      'a default that selects other namespaces by labels is the default here',
      [bound('a', 1, { namespaces: new Set(), namespaceSelector: { team: 'x' }, isDefault: true })],
      { team: 'web' },
      ['a'],
    ],
    [
      'a default that is bound to the namespace is there once, among those that are, by priority',
      [bound('a', 1, { isDefault: true, priority: 7 }), bound('b', 2, { priority: 3 }), eip('rest', '198.51.3.0/24')],
      {},
      ['b', 'a', 'rest'],
    ],
    [
      'the default of each family, whichever is older',
      [
        eip('v4', '198.51.1.0/24', { isDefault: true, createdAt: '2026-01-02' }),
        eip('v6', '2001:db8::/64', { isDefault: true }),
        eip('rest6', '2001:db8:1::/64'),
      ],
      {},
      ['v4', 'v6', 'rest6'],
    ],
    [
      'of two defaults of a family the younger serves as if it did not ask to be one',
      [
        eip('young', '198.51.1.0/24', { isDefault: true, createdAt: '2026-01-02', priority: -9 }),
        eip('old', '198.51.2.0/24', { isDefault: true }),
        bound('young-and-bound', 3, { isDefault: true, createdAt: '2026-01-03', namespaces: new Set(['x']) }),
      ],
      {},
      ['old', 'young'],
    ],
    [
      'a default that is being deleted makes way for another',
      [
        eip('old', '198.51.1.0/24', { isDefault: true, isDeleting: true, namespaces: new Set(['x']) }),
        eip('young', '198.51.2.0/24', { isDefault: true, createdAt: '2026-01-02' }),
      ],
      {},
      ['young'],
    ],
    [
      'an Eip that must be named serves nobody by itself: neither bound, nor as the default, nor bound to nothing',
      [
        bound('a', 1, { autoAssign: false }),
        eip('b', '198.51.2.0/24', { autoAssign: false, isDefault: true }),
        eip('c', '198.51.3.0/24', { autoAssign: false }),
        eip('d', '198.51.4.0/24', { isDefault: true, createdAt: '2026-01-02' }),
      ],
      {},
      ['d'],
    ],
  ];
  it.each(rows)('%s', (_, eips, labels, expected) => {
    expect(names(buildPools(eips).automaticFor('shop', labels))).toEqual(expected);
  });
});

describe('overlaps', () => {
  it('of two that overlap the older counts; at the same age the first by name', () => {
    const old = eip('z', '198.51.100.0/24', { createdAt: '2026-01-01T00:00:00Z' });
    const young = eip('a', '198.51.100.128/25', { createdAt: '2026-01-02T00:00:00Z' });
    const twin = eip('b', '198.51.100.128/25', { createdAt: '2026-01-02T00:00:00Z' });
    expect([...buildPools([young, old]).overlapping]).toEqual([['a', 'z']]);
    expect([...buildPools([twin, young]).overlapping]).toEqual([['b', 'a']]);
  });

  it('an Eip that gives no address is not the default either', () => {
    const pools = buildPools([
      eip('a', '198.51.100.0/24'),
      eip('b', '198.51.100.0/24', { createdAt: '2026-02', isDefault: true }),
    ]);
    expect([pools.hasDefault, pools.byName.has('b')]).toEqual([false, false]);
  });

  it('an Eip that must be named is no default, and the second default is named with the first', () => {
    const isDefault = true;
    const [named, first, second, sixth] = [
      eip('a', '198.51.1.0/24', { isDefault, autoAssign: false }),
      eip('b', '198.51.2.0/24', { isDefault }),
      eip('c', '198.51.3.0/24', { isDefault, createdAt: '2026-02' }),
      eip('d', '2001:db8::/64', { isDefault, createdAt: '2026-03' }),
    ] as const;
    expect(buildPools([named]).hasDefault).toBe(false);
    const pools = buildPools([sixth, second, first, named]);
    expect([pools.hasDefault, [...pools.secondDefaults]]).toEqual([true, [['c', 'b']]]);
  });

  const anyEip = fc
    .record({
      first: fc.nat({ max: 60 }),
      length: fc.nat({ max: 12 }),
      day: fc.integer({ min: 1, max: 4 }),
      priority: fc.nat({ max: 2 }),
    })
    .map(({ first, length, day, priority }) => ({ first: BigInt(first), last: BigInt(first + length), day, priority }));
  const anyEips = fc.array(anyEip, { maxLength: 12 }).map((all) =>
    all.map(({ first, last, day, priority }, i) =>
      eip(`e${i}`, '0.0.0.0', {
        range: { family: 4, first, last },
        createdAt: `2026-01-0${day}T00:00:00Z`,
        priority,
      }),
    ),
  );

  it('what counts never overlaps, and every Eip is either in or named as overlapping one that is', () => {
    fc.assert(
      fc.property(anyEips, (eips) => {
        const { byName, overlapping } = buildPools(eips);
        const accepted = [...byName.values()];
        for (const a of accepted)
          for (const b of accepted) expect(a !== b && rangesOverlap(a.range, b.range)).toBe(false);
        for (const one of eips) {
          expect(byName.has(one.name)).toBe(!overlapping.has(one.name));
          const other = overlapping.get(one.name);
          if (other !== undefined) expect(rangesOverlap(one.range, byName.get(other)!.range)).toBe(true);
        }
      }),
    );
  });

  it('does not depend on the order of the Eips', () => {
    const shuffled = anyEips.chain((eips) =>
      fc.tuple(fc.constant(eips), fc.shuffledSubarray(eips, { minLength: eips.length })),
    );
    fc.assert(
      fc.property(shuffled, ([eips, others]) => {
        const [a, b] = [buildPools(eips), buildPools(others)];
        expect(names(b.automaticFor('shop', {}))).toEqual(names(a.automaticFor('shop', {})));
        expect([...b.overlapping].sort()).toEqual([...a.overlapping].sort());
      }),
    );
  });

  it('containing finds the one Eip with the address', () => {
    fc.assert(
      fc.property(anyEips, fc.nat({ max: 80 }), (eips, value) => {
        const pools = buildPools(eips);
        const found = pools.containing(addressOf(4, BigInt(value)));
        const expected = [...pools.byName.values()].find(
          ({ range }) => range.first <= BigInt(value) && BigInt(value) <= range.last,
        );
        expect(found?.name).toBe(expected?.name);
      }),
    );
  });

  it('keeps the families apart', () => {
    const pools = buildPools([eip('v4', '0.0.0.7'), eip('v6', '::7')]);
    expect([pools.overlapping.size, pools.containing(addr('::7'))?.name]).toEqual([0, 'v6']);
  });
});
