/** Ranges of addresses: OpenELB's three spellings, read strictly, counted exactly. */
import fc from 'fast-check';
import { Address4, Address6 } from 'ip-address';
import {
  type Address,
  addressOf,
  bitsOf,
  type Family,
  formatAddress,
  parseAddress,
} from '../../../../lib/net/address.ts';
import {
  type AddressRange,
  firstAddress,
  lastAddress,
  parseRange,
  rangeContains,
  rangeSize,
  rangesOverlap,
  withoutHostBits,
} from '../../../../lib/net/range.ts';

function range(text: string): AddressRange {
  const parsed = parseRange(text);
  if (!parsed.ok) throw new Error(`Cannot parse "${text}": ${parsed.problem}`);
  return parsed.range;
}

const family = fc.constantFrom<Family>(4, 6);
const address: fc.Arbitrary<Address> = family.chain((of) =>
  fc
    .bigInt({ min: 0n, max: (1n << BigInt(bitsOf(of))) - 1n })
    .map((value) => addressOf(of, value))
    .filter((one) => parseAddress(formatAddress(one)) !== undefined),
);
/** Ranges close together, so that they often touch and overlap. */
const smallRange = fc
  .tuple(family, fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 10 }))
  .map(([of, first, length]): AddressRange => ({ family: of, first: BigInt(first), last: BigInt(first + length) }));

function members({ family: of, first, last }: AddressRange): string[] {
  return Array.from({ length: Number(last - first) + 1 }, (_, i) => `${of}/${first + BigInt(i)}`);
}

describe('parseRange', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7', '192.0.2.7', 1n],
    ['192.0.2.9/30', '192.0.2.8', '192.0.2.11', 4n],
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255', 1n << 32n],
    ['192.0.2.0/32', '192.0.2.0', '192.0.2.0', 1n],
    ['192.0.2.250-192.0.3.5', '192.0.2.250', '192.0.3.5', 12n],
    ['192.0.2.7-192.0.2.7', '192.0.2.7', '192.0.2.7', 1n],
    ['2001:db8::/64', '2001:db8::', '2001:db8::ffff:ffff:ffff:ffff', 1n << 64n],
    ['2001:db8::f-2001:db8::1f', '2001:db8::f', '2001:db8::1f', 17n],
  ])('%s is %s to %s', (text, first, last, size) => {
    const one = range(text);
    expect([formatAddress(firstAddress(one)), formatAddress(lastAddress(one))]).toEqual([first, last]);
    expect(rangeSize(one)).toBe(size);
  });

  it.each([
    ['', 'is not an IP address'],
    ['web', 'is not an IP address'],
    ['192.0.2.0/33', 'has the prefix length "33"; write a number from 0 to 32'],
    ['2001:db8::/129', 'has the prefix length "129"; write a number from 0 to 128'],
    ['192.0.2.0/', 'has the prefix length ""'],
    ['192.0.2.0/024', 'has leading zeros; write 192.0.2.0/24'],
    ['192.0.2.0/-1', 'has the prefix length "-1"'],
    ['192.0.2.0/255.255.255.0', 'has a mask; write 192.0.2.0/24'],
    ['192.0.2.0/0.0.0.255', 'has a mask; write 192.0.2.0/24'],
    ['192.0.2.0 255.255.255.0', 'has a mask; write 192.0.2.0/24'],
    ['192.0.2.0/24/25', 'is not a CIDR'],
    ['/24', 'is not a CIDR'],
    ['010.0.0.0/8', 'has leading zeros; write 10.0.0.0/8'],
    ['192.0.2.1 - 192.0.2.9', 'has spaces in it; write 192.0.2.1-192.0.2.9'],
    ['192.0.2.1-192.0.2.5-192.0.2.9', 'has 2 dashes; write the first and the last address'],
    ['192.0.2.1-', 'is not a range of two addresses'],
    ['a-b', 'is not a range of two addresses'],
    ['192.0.2.1,192.0.2.5', 'is a list; write one Eip for each of its parts'],
    ['192.0.2.1 192.0.2.5', 'is a list; write one Eip for each of its parts'],
    ['192.0.2.1-.259', 'the end ".259" is no address; write a whole one, with numbers from 0 to 255'],
    ['192.0.2.1-192.0.2.259', 'the end "192.0.2.259" is no address; write a whole one, with numbers from 0 to 255'],
    ['192.0.2.300-192.0.3.1', 'the start "192.0.2.300" is no address'],
    ['2001:db8::1-::zz', 'the end "::zz" is no address; write a whole one, such as 2001:db8::ff'],
    ['192.0.2.1-20', 'has the end "20", which is no whole address; write 192.0.2.1-192.0.2.20'],
    ['192.0.2.1-.20', 'write 192.0.2.1-192.0.2.20'],
    ['192.0.2.1/24-192.0.2.9/24', 'has a prefix length in a range; write 192.0.2.1-192.0.2.9'],
    ['192.0.2.0/24 - 192.0.3.0/24', 'has a prefix length in a range; write 192.0.2.0-192.0.3.255'],
    ['192.0.2.*', 'has a wildcard; write 192.0.2.0/24'],
    ['192.0.2/24', 'has fewer than four numbers; write 192.0.2.0/24'],
    ['192.0.2', 'it has 3 numbers; write four, from 0 to 255'],
    ['192.0.2.0/24\n', 'write 192.0.2.0/24'],
    ['192.0.2.0/24,', 'is not spelled as Skycap reads it; write 192.0.2.0/24'],
    ['- 192.0.2.0/24', 'write 192.0.2.0/24'],
    ['192,0,2,1', 'write 192.0.2.1'],
    ['192.0.2.1 and 192.0.2.3', 'is a list'],
    ['192.0.2.1:80', 'has a port; write 192.0.2.1'],
    ['[2001:db8::1]:80', 'has a port; write 2001:db8::1'],
    ['192.0.2.1:192.0.2.9', 'write 192.0.2.1-192.0.2.9'],
    ['192.0.2.1 -> 192.0.2.9', 'write 192.0.2.1-192.0.2.9'],
    ['\u200b192.0.2.1', 'write 192.0.2.1'],
    ['１９２.0.2.1', 'write 192.0.2.1'],
    ['١٩٢.0.2.1', 'has "١" in it; write it with the digits 0 to 9'],
    ['::ffff:192.0.2.0/120', 'is an IPv6 spelling of IPv4 addresses; write 192.0.2.0/24'],
    ['::ffff:c000:201', 'write 192.0.2.1'],
    ['2001:db8::1%eth0', 'has a zone; write 2001:db8::1'],
    ['fe80::1%eth0', 'is link-local: it is an address on one link only; write a global one'],
    ['2001:db8::1-ff', 'has the end "ff", which is no whole address; write 2001:db8::1-2001:db8::ff'],
    ['2001:db8::1-::ff', 'write 2001:db8::1-2001:db8::ff'],
    ['192.0.2.1–192.0.2.9', 'write 192.0.2.1-192.0.2.9'],
    ['192.0.2.1 to 192.0.2.9', 'write 192.0.2.1-192.0.2.9'],
    ['[2001:db8::1]', 'write 2001:db8::1'],
    ['192.0.2.300', 'is not an IP address; write a whole one, with numbers from 0 to 255'],
    ['192.0.2.1-2001:db8::1', 'mixes IPv4 and IPv6; make one Eip for each family'],
    ['192.0.2.9-192.0.2.1', 'is reversed; write 192.0.2.1-192.0.2.9'],
    ['::/64', 'has IPv4-mapped addresses'],
    ['::fffe:ffff:ffff-::1:0:0:0', 'has IPv4-mapped addresses'],
  ])('refuses %j: %s', (text, problem) => {
    const parsed = parseRange(text);
    expect(parsed).toMatchObject({ ok: false });
    expect(!parsed.ok && parsed.problem).toContain(problem);
  });

  it('reads a CIDR as the oracle does', () => {
    const withLength = address.chain((one) =>
      fc.tuple(fc.constant(one), fc.integer({ min: 0, max: bitsOf(one.family) })),
    );
    fc.assert(
      fc.property(withLength, ([one, length]) => {
        const text = `${formatAddress(one)}/${length}`;
        const oracle = one.family === 4 ? new Address4(text) : new Address6(text);
        const [first, last] = [oracle.startAddress().bigInt(), oracle.endAddress().bigInt()];
        const parsed = parseRange(text);
        // The only ranges that are refused though the oracle reads them.
        expect(parsed.ok).toBe(one.family === 4 || last < 0xffff_0000_0000n || first > 0xffff_ffff_ffffn);
        if (parsed.ok) expect(parsed.range).toEqual({ family: one.family, first, last });
      }),
    );
  });

  it('reads first-last whatever the two are', () => {
    fc.assert(
      fc.property(address, address, (a, b) => {
        const parsed = parseRange(`${formatAddress(a)}-${formatAddress(b)}`);
        const mapped = a.family === 6 && a.value <= 0xffff_ffff_ffffn && b.value >= 0xffff_0000_0000n;
        expect(parsed.ok).toBe(a.family === b.family && a.value <= b.value && !mapped);
        if (parsed.ok) expect(parsed.range).toEqual({ family: a.family, first: a.value, last: b.value });
      }),
    );
  });

  it('tells only of host bits that there are', () => {
    const texts = ['192.0.2.9/24', '192.0.2.0/24', '2001:db8::5/64', '192.0.2.9/32', '192.0.2.9', '192.0.2.9/33'];
    expect(texts.map(withoutHostBits)).toEqual([
      '192.0.2.0/24',
      undefined,
      '2001:db8::/64',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('what a hint says to write can be read', () => {
    const texts = fc.string({ unit: fc.constantFrom(...'0123459.:/-, *'.split('')), maxLength: 40 });
    const ranges = fc.tuple(address, fc.constantFrom(' - ', '–', ' to ', '..', '-'), address);
    fc.assert(
      fc.property(
        fc.oneof(
          texts,
          ranges.map(([a, dash, b]) => `${formatAddress(a)}${dash}${formatAddress(b)} `),
        ),
        (text) => {
          const parsed = parseRange(text);
          const [, proposed] = parsed.ok ? [] : (/; write ([0-9a-f.:/-]+)$/.exec(parsed.problem) ?? []);
          if (proposed !== undefined) expect(parseRange(proposed)).toMatchObject({ ok: true });
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('never throws', () => {
    const texts = fc.string({ unit: fc.constantFrom(...'0123456789abf:./-, '.split('')), maxLength: 50 });
    fc.assert(
      fc.property(fc.oneof(fc.string(), texts), (text) => void parseRange(text)),
      { numRuns: 1000 },
    );
  });
});

describe('comparing ranges', () => {
  it('rangesOverlap is: some address is in both', () => {
    fc.assert(
      fc.property(smallRange, smallRange, (a, b) => {
        const inBoth = members(a).some((member) => members(b).includes(member));
        expect(rangesOverlap(a, b)).toBe(inBoth);
        expect(rangesOverlap(b, a)).toBe(inBoth);
      }),
    );
  });

  it('rangeContains and rangeSize agree with counting', () => {
    fc.assert(
      fc.property(smallRange, family, fc.integer({ min: 0, max: 45 }), (one, of, value) => {
        expect(rangeContains(one, addressOf(of, BigInt(value)))).toBe(members(one).includes(`${of}/${value}`));
        expect(rangeSize(one)).toBe(BigInt(members(one).length));
      }),
    );
  });
});
