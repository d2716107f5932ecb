/** Which namespaces hold addresses for Services that are never stored. */
import type { ClaimHolder, EipClaim } from '../../../../lib/api/skycap/claim.ts';
import { UnstoredClaims } from '../../../../webhook/cluster/unstored-claims.ts';
import { HandStore } from '../../../support/hand-store.ts';
import { claim, holder } from '../../lib/ipam/builders.ts';

const claims = new HandStore<EipClaim>();
let nowMs = Date.parse('2026-01-01T00:00:00Z');
const unstored = new UnstoredClaims({ claims, nowMs: () => nowMs });

function unbound(name: string, namespace = 'shop'): ClaimHolder {
  const { uid: _, ...entry } = holder(name);
  return { ...entry, namespace, token: `token-${name}`, since: new Date(nowMs).toISOString() };
}
const unused = (last: number, ...holders: ClaimHolder[]): EipClaim => {
  const one = of(last, ...holders);
  return { ...one, metadata: { ...one.metadata, annotations: { 'skycap.io/unused': 'true' } } };
};
const of = (last: number, ...holders: ClaimHolder[]): EipClaim => claim(`10.0.0.${last}`, holders);

test('a burst of creations is nobody’s fault, however large', () => {
  for (let i = 0; i < 50; i++) claims.put(of(i, unbound(`burst-${i}`, 'burst')));
  expect(unstored.tooMany('burst')).toBeUndefined();
  // They go with their Services.
  for (let i = 0; i < 50; i++) {
    const bound = of(i, { ...unbound(`burst-${i}`, 'burst'), uid: `u${i}` });
    claims.put(bound);
    claims.remove(bound);
  }
  for (let i = 0; i < 50; i++) claims.put(of(i, unbound(`again-${i}`, 'burst')));
  expect(unstored.tooMany('burst')).toBeUndefined();
});

test('Services that were stored a minute ago do not count', () => {
  for (let i = 0; i < 8; i++) claims.put(of(60 + i, unbound(`mixed-${i}`, 'mixed')));
  for (let i = 0; i < 4; i++) claims.put(unused(60 + i, unbound(`mixed-${i}`, 'mixed')));
  nowMs += 61_000;
  for (let i = 0; i < 4; i++) claims.remove(unused(60 + i, unbound(`mixed-${i}`, 'mixed')));
  expect(unstored.tooMany('mixed')).toBeUndefined();
  for (let i = 0; i < 4; i++) claims.put(of(70 + i, unbound(`young-${i}`, 'mixed')));
  expect(unstored.tooMany('mixed')).toBe(4);
});

test('a Service that is made again under its name is no sign', () => {
  for (let i = 0; i < 8; i++) claims.put(of(80 + i, unbound(`again-${i}`, 'again')));
  for (let i = 0; i < 4; i++) claims.put(of(80 + i, { ...unbound(`again-${i}`, 'again'), token: 'of-another-life' }));
  expect(unstored.tooMany('again')).toBeUndefined();
});

test('Services that are deleted are no sign', () => {
  for (let i = 0; i < 20; i++) claims.put(of(i, unbound(`brief-${i}`, 'brief')));
  for (let i = 0; i < 10; i++) claims.remove(of(i, unbound(`brief-${i}`, 'brief')));
  expect(unstored.tooMany('brief')).toBeUndefined();
  for (let i = 10; i < 20; i++) claims.remove(of(i, unbound(`brief-${i}`, 'brief')));
});

test('once a few went unused, the namespace has no more than a few at a time, for a minute', () => {
  for (let i = 0; i < 8; i++) claims.put(of(100 + i, unbound(`shop-${i}`)));
  expect(unstored.tooMany('shop')).toBeUndefined();
  // Two expire; a Service that exists takes two over.
  for (const i of [0, 1]) claims.put(unused(100 + i, unbound(`shop-${i}`)));
  for (const i of [0, 1]) claims.remove(unused(100 + i, unbound(`shop-${i}`)));
  for (const i of [2, 3]) claims.put(of(100 + i, { ...holder('front'), namespace: 'other' }));
  expect(unstored.tooMany('shop')).toBe(4);
  expect(unstored.tooMany('other')).toBeUndefined();
  claims.remove(of(104, unbound('shop-4')));
  expect(unstored.tooMany('shop')).toBeUndefined();
  claims.put(of(104, unbound('shop-9')));
  nowMs += 59_000;
  expect(unstored.tooMany('shop')).toBe(4);
  nowMs += 2_000;
  expect(unstored.tooMany('shop')).toBeUndefined();
});

test('nothing is kept of namespaces that are quiet', () => {
  nowMs += 120_000;
  for (const { metadata } of [...claims.values()]) claims.remove(claims.get(metadata.name ?? '')!);
  nowMs += 120_000;
  claims.put(unused(1, unbound('last', 'quiet')));
  claims.remove(unused(1, unbound('last', 'quiet')));
  expect(unstored.size).toBe(1);
});
