/** Communities as people spell them come out as numbers, and any other text as a sentence. */
import fc from 'fast-check';
import { canonicalCommunities, communityKey, parseCommunity } from '../../../../../lib/api/eip/community.ts';

const read = (text: string): string => {
  const community = parseCommunity(text);
  return typeof community === 'string' ? community : communityKey(community);
};

it.each([
  ['65000:100', 'standard 65000 100'],
  ['0:0', 'standard 0 0'],
  ['65535:65535', 'standard 65535 65535'],
  ['65000:1:2', 'large 65000 1 2'],
  ['4294967295:4294967295:0', 'large 4294967295 4294967295 0'],
  ['large:65000:1:2', 'large 65000 1 2'],
  // RFC 4360 §4 and §5, RFC 5668: type, subtype, administrator, value.
  ['rt:65000:100', `extended ${0x0002_fde8} 100`],
  ['rt:65000:4294967295', `extended ${0x0002_fde8} 4294967295`],
  ['ro:65000:100', `extended ${0x0003_fde8} 100`],
  ['soo:65000:100', `extended ${0x0003_fde8} 100`],
  ['rt:192.0.2.1:100', `extended ${0x0102_c000} ${0x0201_0064}`],
  ['rt:4200000000:100', `extended ${0x0202_fa56} ${0xea00_0064}`],
  ['generic:0x4004fde8:0x49742400', `extended ${0x4004_fde8} ${0x4974_2400}`],
  ['generic:1:2', 'extended 1 2'],
  ['no-export', 'standard 65535 65281'],
  ['NO_EXPORT', 'standard 65535 65281'],
  ['no-advertise', 'standard 65535 65282'],
  ['no-export-subconfed', 'standard 65535 65283'],
  ['no-peer', 'standard 65535 65284'],
  ['graceful-shutdown', 'standard 65535 0'],
  ['accept-own', 'standard 65535 1'],
  ['llgr-stale', 'standard 65535 6'],
  ['no-llgr', 'standard 65535 7'],
  ['blackhole', 'standard 65535 666'],
])('%s is %s', (text, key) => {
  expect(read(text)).toBe(key);
});

it.each([
  ['65536:1', 'has a number above 65535, which a standard community has no room for; write a large one'],
  ['4294967296:1:2', 'is not a community; write 65000:100,'],
  ['65000', 'is not a community; write 65000:100,'],
  ['65000:', 'is not a community; write 65000:100,'],
  ['065000:1', 'is not a community; write 65000:100,'],
  ['-1:1', 'is not a community; write 65000:100,'],
  [' 65000:1', 'is not a community; write 65000:100,'],
  ['1:2:3:4', 'is not a community; write 65000:100,'],
  ['no-exprot', 'is not a community; write 65000:100,'],
  ['rt:65000', 'is not an extended community; write rt:65000:100'],
  ['rt:2001:db8::1:1', 'is not an extended community; write rt:65000:100'],
  ['rt:4200000000:65536', 'has a number that is too large'],
  ['rt:192.0.2.1:65536', 'has a number that is too large'],
  ['rt:65000:4294967296', 'has a number of more than 32 bits'],
  ['generic:0x100000000:1', 'is not an extended community; write two numbers of 32 bits'],
  ['generic:1', 'is not an extended community; write two numbers of 32 bits'],
])('%j is refused: %s', (text, sentence) => {
  expect(read(text)).toContain(sentence);
});

it('of any text nothing comes out but numbers in range, or a sentence that does not quote the text', () => {
  const part = fc.oneof(fc.nat(0xffff_ffff).map(String), fc.string({ maxLength: 6 }), fc.ipV4());
  const kind = fc.constantFrom('', 'rt:', 'ro:', 'large:', 'generic:', 'no-');
  const text = fc.tuple(kind, fc.array(part, { maxLength: 4 })).map(([head, parts]) => `${head}${parts.join(':')}`);
  fc.assert(
    fc.property(text, (one) => {
      const community = parseCommunity(one);
      if (typeof community === 'string') return;
      const most = community.kind === 'standard' ? 0xffff : 0xffff_ffff;
      expect(community.numbers).toHaveLength(community.kind === 'large' ? 3 : 2);
      for (const number of community.numbers) {
        expect(Number.isSafeInteger(number) && number >= 0 && number <= most).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});

it('the same communities in any order, and more than once, are the same', () => {
  const community = fc.constantFrom('65000:1', '65000:2', 'no-export', '65535:65281', '65000:1:2', 'rt:65000:1');
  fc.assert(
    fc.property(fc.array(community, { minLength: 1 }), (texts) => {
      const keysOf = (some: readonly string[]): string[] =>
        canonicalCommunities(some.flatMap((text) => parseCommunity(text)).filter((one) => typeof one !== 'string')).map(
          communityKey,
        );
      expect(keysOf([...texts].reverse().concat(texts))).toEqual(keysOf(texts));
      expect(new Set(keysOf(texts)).size).toBe(keysOf(texts).length);
    }),
  );
});
