/** Names of BIRD's protocols. */
import fc from 'fast-check';
import { symbolFor } from '../../../../../speaker/bird/config/symbol.ts';

const LONG = 'a'.repeat(200);

it.each([
  ['router-1', 'skycap_peer_router__1'],
  ['a.b', 'skycap_peer_a_2eb'],
  ['a_b', 'skycap_peer_a_5fb'],
  ['Router', 'skycap_peer__52outer'],
  ['é', 'skycap_peer__c3_a9'],
  ['', 'skycap_peer_'],
  ['a";\n}', 'skycap_peer_a_22_3b_0a_7d'],
])('%j is %s', (name, symbol) => {
  expect(symbolFor('skycap_peer_', name)).toBe(symbol);
});

it('cuts a long name and tells it from others by its digest', () => {
  const symbol = symbolFor('skycap_peer_', LONG);
  expect(symbol).toMatch(/^skycap_peer_a{18}_L[0-9a-f]{32}$/);
  expect(symbol).toHaveLength(64);
  expect(symbolFor('skycap_peer_', `${LONG}b`)).not.toBe(symbol);
});

it('is a symbol of BIRD for any name, and a different one for each', () => {
  const name = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '_', 'L', '5', 'f') }),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(name, name, (a, b) => {
      const [first, second] = [symbolFor('skycap_peer_', a), symbolFor('skycap_peer_', b)];
      expect(first).toMatch(/^skycap_peer_[A-Za-z0-9_]*$/);
      expect(first.length).toBeLessThanOrEqual(64);
      expect(first === second).toBe(a.toWellFormed() === b.toWellFormed());
    }),
  );
});
