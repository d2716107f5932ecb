/** MAC addresses as numbers: their bytes, their text, and whose they may be. */
import fc from 'fast-check';
import {
  BROADCAST,
  formatMac,
  isStation,
  parseMac,
  readMac,
  UNKNOWN_MAC,
  writeMac,
} from '../../../../../speaker/l2/frames/mac-address.ts';

it.each([
  ['02:00:5e:10:00:01', true],
  ['00:00:00:00:00:01', true],
  // The highest bits of all bytes but the first are set: nothing may turn negative.
  ['fe:ff:ff:ff:ff:ff', true],
  ['01:00:5e:00:00:01', false],
  ['33:33:ff:00:00:07', false],
  ['ff:ff:ff:ff:ff:ff', false],
  ['00:00:00:00:00:00', false],
])('%s: a station’s? %s', (text, expected) => {
  expect(isStation(parseMac(text))).toBe(expected);
});

it('has names for those that mean all and nobody', () => {
  expect([BROADCAST, UNKNOWN_MAC].map(formatMac)).toEqual(['ff:ff:ff:ff:ff:ff', '00:00:00:00:00:00']);
});

it('any six bytes are read as they were written, and any text as it was made', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
      const frame = Uint8Array.from([7, ...bytes, 8]);
      const mac = readMac(frame, 1);
      expect(formatMac(mac)).toBe([...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':'));
      expect(parseMac(formatMac(mac))).toBe(mac);
      const written = Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 8);
      writeMac(written, 1, mac);
      expect(written).toEqual(frame);
    }),
  );
});
