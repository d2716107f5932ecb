/** The name of a claim: the address itself, spelled so that Kubernetes takes it, and one name an address. */
import fc from 'fast-check';
import { claimAddress, claimName } from '../../../../../lib/api/skycap/claim.ts';
import { addressOf, parseAddress } from '../../../../../lib/net/address.ts';

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8::1', '2001-0db8-0000-0000-0000-0000-0000-0001'],
  ['::', '0000-0000-0000-0000-0000-0000-0000-0000'],
])('%s is named %s', (text, name) => {
  const address = parseAddress(text)!;
  expect(claimName(address)).toBe(name);
  expect(claimAddress(name)).toEqual(address);
});

it.each([
  '',
  'web',
  '192.0.2.07',
  '192.0.2.7-',
  '192.0.2.1-192.0.2.2',
  '2001-db8-0-0-0-0-0-1',
  '2001-0db8--1',
  '2001-0DB8-0000-0000-0000-0000-0000-0001',
  '0000-0000-0000-0000-0000-ffff-c000-0201',
])('%j is the name of no claim', (name) => {
  expect(claimAddress(name)).toBeUndefined();
});

it('gives every address one valid object name, and reads it back', () => {
  const address = fc.oneof(
    fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }).map((value) => addressOf(4, value)),
    fc
      .bigInt({ min: 0n, max: (1n << 128n) - 1n })
      .filter((value) => value >> 32n !== 0xffffn)
      .map((value) => addressOf(6, value)),
  );
  fc.assert(
    fc.property(address, (one) => {
      expect(claimName(one)).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
      expect(claimAddress(claimName(one))).toEqual(one);
    }),
  );
});

it('reads any text without throwing', () => {
  fc.assert(fc.property(fc.string(), (name) => void claimAddress(name)));
});
