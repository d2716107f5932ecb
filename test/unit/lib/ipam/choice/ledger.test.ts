/** The ledger against a naive model: the same questions, answered by looking at every claim and reservation. */
import fc from 'fast-check';
import { type ClaimHolder, claimName, type EipClaim } from '../../../../../lib/api/skycap/claim.ts';
import { Ledger } from '../../../../../lib/ipam/choice/ledger.ts';
import { addressOf } from '../../../../../lib/net/address.ts';
import type { AddressRange } from '../../../../../lib/net/range.ts';
import { addr, claim, holder, ledgerOf } from '../builders.ts';

const RANGE: AddressRange = { family: 4, first: 0n, last: 7n };

interface Step {
  readonly kind: 'apply' | 'forget' | 'forgetUid' | 'reserve' | 'unreserve';
  readonly value: number;
  readonly uid: number;
  readonly holders: readonly ClaimHolder[];
}

const anyHolder = fc
  .record({ name: fc.constantFrom('a', 'b', undefined), key: fc.constantFrom('k', undefined) })
  .map(({ name, key }) => {
    const { name: _, uid: __, ...rest } = holder(name ?? 'nameless');
    return { ...rest, ...(name && { name }), ...(key && { sharingKey: key }) };
  });
const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('apply', 'apply', 'forget', 'forgetUid', 'reserve', 'unreserve'),
  value: fc.nat({ max: 7 }),
  uid: fc.nat({ max: 1 }),
  holders: fc.array(anyHolder, { minLength: 1, maxLength: 2 }),
});

class Model {
  readonly claims = new Map<number, EipClaim>();
  readonly reservations: number[] = [];

  isTaken(value: number): boolean {
    return this.claims.has(value) || this.reservations.includes(value);
  }

  where(holds: (holder: ClaimHolder) => boolean): string[] {
    return [...this.claims.values()]
      .filter((one) => one.spec.holders.some(holds))
      .map((one) => one.metadata.name ?? '')
      .sort();
  }
}

it('answers as the model does, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      const ledger = new Ledger();
      const model = new Model();
      const undo: { value: number; call: () => void }[] = [];
      steps.forEach(({ kind, value, uid, holders }, time) => {
        const address = addressOf(4, BigInt(value));
        if (kind === 'apply') {
          const one = claim(address, holders, { uid: `${uid}`, resourceVersion: `${time}` });
          ledger.apply(one);
          model.claims.set(value, one);
        } else if (kind === 'forget') {
          ledger.forget(address);
          model.claims.delete(value);
        } else if (kind === 'forgetUid') {
          ledger.forget(address, `${uid}`);
          if (model.claims.get(value)?.metadata.uid === `${uid}`) model.claims.delete(value);
        } else if (kind === 'reserve') {
          undo.push({ value, call: ledger.reserve(address) });
          model.reservations.push(value);
        } else {
          const last = undo.pop();
          last?.call();
          last?.call(); // Calling it twice gives nothing back twice.
          if (last) model.reservations.pop();
        }
      });
      const values = [0, 1, 2, 3, 4, 5, 6, 7];
      const names = (claims: readonly EipClaim[]) => claims.map((one) => one.metadata.name);
      const free = values.filter((value) => !model.isTaken(value));
      for (const value of values) {
        expect(ledger.isTaken(addressOf(4, BigInt(value)))).toBe(model.isTaken(value));
        expect(ledger.claimOf(addressOf(4, BigInt(value)))).toBe(model.claims.get(value));
      }
      expect(ledger.lowestFree(RANGE)).toBe(free[0] === undefined ? undefined : BigInt(free[0]));
      expect(ledger.freeIn(RANGE)).toBe(BigInt(free.length));
      expect(names(ledger.sharedBy('k'))).toEqual(model.where((one) => one.sharingKey === 'k'));
      expect(names(ledger.heldBy('shop', 'a'))).toEqual(model.where((one) => one.name === 'a'));
      expect(names(ledger.heldByToken('shop', 'token-b'))).toEqual(model.where((one) => one.token === 'token-b'));
      expect([...ledger.claims()]).toHaveLength(model.claims.size);
    }),
    { numRuns: 300 },
  );
});

describe('news out of order', () => {
  const address = addr('198.51.100.7');
  const holders = (of: EipClaim | undefined) => of?.spec.holders.map((one) => one.name);

  it('an older version of a claim is passed over, also across a change in the number of digits', () => {
    const ledger = ledgerOf(
      claim(address, [holder('new')], { resourceVersion: '1000' }),
      claim(address, [holder('old')], { resourceVersion: '999' }),
    );
    expect(holders(ledger.claimOf(address))).toEqual(['new']);
    expect(ledger.heldBy('shop', 'old')).toEqual([]);
  });

  it('the watch telling late of a claim that had the address before does not hide our own', () => {
    const ledger = ledgerOf(claim(address, [holder('ours')], { uid: 'second', resourceVersion: '20' }));
    ledger.apply(claim(address, [holder('before')], { uid: 'first', resourceVersion: '10' }));
    ledger.forget(address, 'first');
    expect(holders(ledger.claimOf(address))).toEqual(['ours']);
  });

  it('a claim whose name spells no address is passed over', () => {
    expect([...ledgerOf({ ...claim(address, []), metadata: { name: 'nonsense' } }).claims()]).toEqual([]);
  });
});

it('a claim with two holders of one Service is listed once', () => {
  const twice = claim('198.51.100.7', [holder('a'), holder('a', { token: 'other' })]);
  expect(
    ledgerOf(twice)
      .heldBy('shop', 'a')
      .map((one) => one.metadata.name),
  ).toEqual([claimName(addr('198.51.100.7'))]);
});
