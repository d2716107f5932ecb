/** Addresses as exact values; the `ip-address` package, written by others, is the oracle for what a text means and how it is spelled. */
import fc from 'fast-check';
import { Address4, Address6 } from 'ip-address';
import {
  type Address,
  addressOf,
  bitsOf,
  compareAddresses,
  type Family,
  formatAddress,
  ipv6Groups,
  parseAddress,
  sameAddress,
} from '../../../../lib/net/address.ts';

const MAPPED_PREFIX = 0xffffn;

const ipv4Value = fc.bigInt({ min: 0n, max: (1n << 32n) - 1n });
/** Random numbers, and ones with runs of zero groups: those make the spelling hard. */
const ipv6Value = fc
  .oneof(
    fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
    fc
      .array(fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
        minLength: 8,
        maxLength: 8,
      })
      .map((groups) => groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n)),
  )
  .filter((value) => value >> 32n !== MAPPED_PREFIX);
const address = fc.oneof(
  ipv4Value.map((value) => addressOf(4, value)),
  ipv6Value.map((value) => addressOf(6, value)),
);

/** The spellings of one IPv6 address: leading zeros, capitals, `::` in place of any run of zero groups, a dotted end. */
const ipv6Spelling = fc
  .tuple(ipv6Value, fc.boolean(), fc.boolean(), fc.boolean(), fc.nat({ max: 7 }), fc.nat({ max: 8 }))
  .map(([value, pad, capitals, dotted, from, length]) => {
    let groups = ipv6Groups(value).map((group) => (pad ? group : group.replace(/^0{1,3}/, '')));
    if (dotted) {
      const low = value & 0xffffffffn;
      groups = [...groups.slice(0, 6), [24n, 16n, 8n, 0n].map((shift) => (low >> shift) & 255n).join('.')];
    }
    const run = groups.slice(from, from + length);
    const shortened = run.length > 0 && run.every((group) => /^0+$/.test(group));
    const text = shortened
      ? `${groups.slice(0, from).join(':')}::${groups.slice(from + length).join(':')}`
      : groups.join(':');
    return { value, text: capitals ? text.toUpperCase() : text };
  });

describe('parseAddress', () => {
  it.each([
    ['192.0.2.7', 4, 0xc0000207n],
    ['0.0.0.0', 4, 0n],
    ['255.255.255.255', 4, (1n << 32n) - 1n],
    ['::', 6, 0n],
    ['::1', 6, 1n],
    ['2001:db8::7', 6, 0x20010db8000000000000000000000007n],
    ['1:2:3:4:5:6:7::', 6, 0x00010002000300040005000600070000n],
    ['::2:3:4:5:6:7:8', 6, 0x00000002000300040005000600070008n],
    ['64:ff9b::192.0.2.33', 6, 0x0064ff9b0000000000000000c0000221n],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 6, (1n << 128n) - 1n],
  ] as const)('reads %s', (text, family, value) => {
    expect(parseAddress(text)).toEqual({ family, value });
  });

  it.each([
    ['', 'empty'],
    ['10.0.0.300', 'octet above 255'],
    ['010.0.0.1', 'octal, or not: readers disagree'],
    ['127.1', 'shorthand'],
    ['0x7f.0.0.1', 'hexadecimal'],
    ['2130706433', 'a plain number'],
    ['1..2.3', 'empty octet'],
    [' 192.0.2.7', 'leading space'],
    ['192.0.2.7 ', 'trailing space'],
    ['192.0.2.7\n', 'line end'],
    ['192.0.2.7/32', 'a prefix'],
    ['192.0.2.7:80', 'a port'],
    ['[2001:db8::7]', 'brackets'],
    ['fe80::1%eth0', 'a zone'],
    ['::ffff:192.0.2.1', 'IPv4-mapped, dotted'],
    ['::ffff:c000:201', 'IPv4-mapped, hexadecimal'],
    ['0:0:0:0:0:FFFF:192.0.2.1', 'IPv4-mapped, long'],
    ['1::2::3', 'two gaps'],
    ['12zz::1', 'not hexadecimal'],
    ['1:2:3:4:5:6:7', 'seven groups'],
    ['1:2:3:4:5:6:7:8:9', 'nine groups'],
    ['::1.2.3.04', 'dotted end with a leading zero'],
    ['١٩٢.0.2.7', 'digits of another script'],
    ['example.org', 'a name'],
  ])('refuses %j: %s', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('reads every spelling of an IPv6 address as the oracle does', () => {
    fc.assert(
      fc.property(ipv6Spelling, ({ value, text }) => {
        fc.pre(Address6.isValid(text));
        expect(new Address6(text).bigInt()).toBe(value);
        expect(parseAddress(text)).toEqual({ family: 6, value });
      }),
    );
  });

  it('never throws, and accepts nothing that the oracle refuses', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdefx:./%- '.split('')), maxLength: 45 }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseAddress(text);
        if (parsed) expect(parsed.family === 4 ? Address4.isValid(text) : Address6.isValid(text)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('formatAddress', () => {
  it.each([
    ['2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // RFC 5952 §4.2.2: one group is not shortened
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // §4.2.3: the longest run
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // §4.2.3: the first of equal runs
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['::192.0.2.1', '::c000:201'],
  ])('writes %s as %s', (text, canonical) => {
    expect(formatAddress(parseAddress(text)!)).toBe(canonical);
  });

  it('is undone by parseAddress', () => {
    fc.assert(fc.property(address, (one) => expect(parseAddress(formatAddress(one))).toEqual(one)));
  });

  it('spells as the oracle does', () => {
    fc.assert(
      fc.property(ipv4Value, (v) => expect(formatAddress(addressOf(4, v))).toBe(Address4.fromBigInt(v).correctForm())),
    );
    fc.assert(
      fc.property(ipv6Value, (v) => expect(formatAddress(addressOf(6, v))).toBe(Address6.fromBigInt(v).correctForm())),
    );
  });
});

describe('addressOf', () => {
  it.each([4, 6] as const)('refuses numbers that do not fit IPv%i', (family: Family) => {
    const end = 1n << BigInt(bitsOf(family));
    expect(() => addressOf(family, -1n)).toThrow(RangeError);
    expect(() => addressOf(family, end)).toThrow(RangeError);
    expect(addressOf(family, end - 1n).value).toBe(end - 1n);
  });
});

describe('compareAddresses', () => {
  it('puts IPv4 before IPv6 and orders by number', () => {
    const sign = (n: number) => Math.sign(n);
    fc.assert(
      fc.property(address, address, (a: Address, b: Address) => {
        const byNumber = a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
        expect(sign(compareAddresses(a, b))).toBe(a.family === b.family ? byNumber : sign(a.family - b.family));
        expect(sameAddress(a, b)).toBe(compareAddresses(a, b) === 0);
      }),
    );
  });
});
