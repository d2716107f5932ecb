/** What of an Eip is given to nobody, and that it costs nothing to pass over it. */
import fc from 'fast-check';
import { Ledger } from '../../../../../lib/ipam/choice/ledger.ts';
import { type Reservation, Withheld } from '../../../../../lib/ipam/pools/withheld.ts';
import { addressOf } from '../../../../../lib/net/address.ts';
import { parseRange } from '../../../../../lib/net/range.ts';
import { addr, claim, eip, holder } from '../builders.ts';

const reserve = (text: string, what = 'an address of node n1', onLayer2Only = false): Reservation => {
  const parsed = parseRange(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return { range: parsed.range, what, onLayer2Only };
};
const web = eip('web', '198.51.100.0/24');

it.each<[string, Withheld, string, string | undefined]>([
  ['a node', new Withheld(web, [reserve('198.51.100.7')]), '198.51.100.7', '198.51.100.7 is an address of node n1'],
  ['beside it', new Withheld(web, [reserve('198.51.100.7')]), '198.51.100.8', undefined],
  [
    'in a network that is larger than the Eip',
    new Withheld(web, [reserve('198.51.0.0/16', 'in the network of cluster IPs (198.51.0.0/16)')]),
    '198.51.100.9',
    '198.51.100.9 is in the network of cluster IPs (198.51.0.0/16)',
  ],
  ['what no host may have, by BGP', new Withheld(web, [reserve('198.51.100.0', 'x', true)]), '198.51.100.0', undefined],
  [
    'what no host may have, on layer 2',
    new Withheld({ ...web, protocol: 'vip' }, [
      reserve('198.51.100.0', 'the network address of 198.51.100.0/24', true),
    ]),
    '198.51.100.0',
    '198.51.100.0 is the network address of 198.51.100.0/24',
  ],
  [
    'buggy',
    new Withheld({ ...web, avoidBuggyIPs: true }, []),
    '198.51.100.255',
    '198.51.100.255 ends in .0 or .255, which spec.avoidBuggyIPs of the Eip leaves out',
  ],
  [
    'IPv6 has no buggy ones',
    new Withheld(eip('six', '2001:db8::/64', { avoidBuggyIPs: true }), []),
    '2001:db8::ff',
    undefined,
  ],
])('why: %s', (_, withheld, address, expected) => {
  expect(withheld.why(addr(address))).toBe(expected);
  expect(withheld.has(addr(address).value)).toBe(expected !== undefined);
});

it('says what it withholds, the first five, cut off at the ends of the Eip', () => {
  const many = Array.from({ length: 7 }, (_, i) => reserve(`198.51.100.${i + 10}`));
  expect(new Withheld(web, [reserve('198.51.100.7')]).text()).toBe(
    '1 of 256 addresses is given to nobody: 198.51.100.7 is an address of node n1',
  );
  expect(
    new Withheld(web, [reserve('198.51.100.240-198.51.101.9', 'in the pod network of node n1'), ...many]).text(),
  ).toMatch(
    /^23 of 256 addresses are given to nobody: 198\.51\.100\.240-198\.51\.100\.255 is in the pod network of node n1, 198\.51\.100\.10 is .*, and 3 more$/,
  );
});

const FIRST = 0xc633_63f0n;
const LAST = FIRST + 0x120n;
const value = fc.bigInt({ min: FIRST, max: LAST });
const anyCase = fc.record({
  avoidBuggyIPs: fc.boolean(),
  reserved: fc.array(fc.tuple(value, fc.bigInt({ min: 0n, max: 40n })), { maxLength: 4 }),
  // Whole stretches, so that what is free is often hard to find.
  taken: fc.array(fc.tuple(value, fc.bigInt({ min: 0n, max: 120n })), { maxLength: 5 }),
  ends: fc.tuple(value, value).map(([a, b]) => (a < b ? { first: a, last: b } : { first: b, last: a })),
  passedOver: fc.constantFrom(0, 0, 1, 7),
});

it('the ledger gives the lowest address that is neither taken nor withheld, and counts what is left', () => {
  fc.assert(
    fc.property(anyCase, ({ avoidBuggyIPs, reserved, taken, ends, passedOver }) => {
      const range = { family: 4 as const, ...ends };
      const reservations = reserved.map(([first, length]): Reservation => {
        return { range: { family: 4, first, last: first + length }, what: 'x' };
      });
      const withheld = new Withheld({ ...web, range, avoidBuggyIPs }, reservations);
      const ledger = new Ledger();
      for (const [first, length] of taken)
        for (let i = 0n; i <= length; i++) ledger.apply(claim(addressOf(4, first + i), [holder('a')]));
      const free: bigint[] = [];
      for (let one = range.first; one <= range.last; one++) {
        const octet = one & 255n;
        const isWithheld =
          reservations.some((r) => r.range.first <= one && one <= r.range.last) ||
          (avoidBuggyIPs && (octet === 0n || octet === 255n));
        expect(withheld.has(one)).toBe(isWithheld);
        if (!isWithheld && !ledger.isTaken(addressOf(4, one))) free.push(one);
      }
      expect(ledger.freeIn(range, withheld)).toBe(BigInt(free.length));
      const given = ledger.lowestFree(range, passedOver, withheld);
      if (passedOver === 0) expect(given).toBe(free[0]);
      else expect(given === undefined ? free.length === 0 : free.includes(given)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

it.each(['198.51.100.0/30', '10.0.0.0/8', '2001:db8::/64'])('costs the same in %s', (addresses) => {
  const pool = eip('pool', addresses, { avoidBuggyIPs: true, protocol: 'layer2' });
  const { family, first } = pool.range;
  const [one, two] = [first + 1n, first + 2n].map((at) => ({ range: { family, first: at, last: at }, what: 'x' }));
  const withheld = new Withheld(pool, [one!, two!]);
  const ledger = new Ledger();
  const started = performance.now();
  for (let i = 0; i < 2_000; i++) {
    ledger.lowestFree(pool.range, 0, withheld);
    ledger.freeIn(pool.range, withheld);
  }
  expect(performance.now() - started).toBeLessThan(500);
});
