import fc from 'fast-check';
import { isAtRisk, type RiskFacts } from '../../../../allocator/claims/is-at-risk.ts';
import type { ClaimHolder } from '../../../../lib/api/skycap/claim.ts';
import { holder } from '../builders.ts';

const bound: ClaimHolder = { ...holder('front'), uid: 'uid-front', token: 'token-front' };
const { uid: _, ...unbound } = bound;
const { name: __, ...unnamed } = unbound;
const facts: RiskFacts = {
  service: { uid: 'uid-front', token: 'token-front' },
  isPublished: false,
  isAnnotated: false,
  storedUid: undefined,
  isBeingTaken: false,
  isLate: false,
};
const published = { isPublished: true, isAnnotated: true };
const answered = { isPublished: false, isAnnotated: true };

test.each<[string, ClaimHolder, Partial<RiskFacts>, boolean]>([
  ['bound, and published', bound, published, false],
  ['bound, and taken out of the status by another controller', bound, answered, false],
  ['bound, and the Service does not show the address any more', bound, {}, true],
  ['of the answer to the create call', unbound, answered, false],
  ['of the answer to a create call that took long, with a new leader', unbound, { ...answered, isLate: true }, true],
  ['of a create call that took long, and published since', unbound, { ...published, isLate: true }, false],
  ['of an update that no answer shows yet', unbound, {}, true],
  ['without a name', unnamed, published, true],
  ['bound to a former Service of the name', { ...bound, uid: 'uid-former' }, published, true],
  ['with the token of a former Service, which was copied', unbound, { ...answered, storedUid: 'uid-former' }, true],
  ['of the Service that was seen stored', unbound, { ...answered, storedUid: 'uid-front' }, false],
  ['with another token than the Service', { ...unbound, token: 'another' }, published, true],
  ['in a claim that is being taken over', unbound, { ...answered, isBeingTaken: true }, true],
])('a holder %s', (_name, own, differs, expected) => {
  expect(isAtRisk(own, { ...facts, ...differs })).toBe(expected);
});

test('once it is written, bound and published, no holder is at risk; unwritten and unseen, each is', () => {
  const any = fc.record({
    isAnnotated: fc.boolean(),
    storedUid: fc.constantFrom(undefined, 'uid-front', 'uid-former'),
    isBeingTaken: fc.boolean(),
    isLate: fc.boolean(),
  });
  fc.assert(
    fc.property(any, fc.constantFrom(bound, unbound, unnamed), (differs, own) => {
      expect(isAtRisk(bound, { ...facts, ...differs, isPublished: true })).toBe(false);
      expect(isAtRisk(own, { ...facts, ...differs, isAnnotated: false })).toBe(true);
    }),
  );
});
