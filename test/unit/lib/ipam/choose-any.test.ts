/** What must hold of a choice for any Eips, claims and requests. Single cases: `choice/choose.test.ts` and those beside it. */
import fc from 'fast-check';
import { isOpen } from '../../../../lib/api/eip/eip.ts';
import type { AddressRequest } from '../../../../lib/api/service/address-request.ts';
import { type Choice, type ChooseInput, choose } from '../../../../lib/ipam/choice/choose.ts';
import { mayShare } from '../../../../lib/ipam/choice/sharing.ts';
import { Withheld } from '../../../../lib/ipam/pools/withheld.ts';
import { type Address, addressOf, formatAddress, sameAddress } from '../../../../lib/net/address.ts';
import { rangeContains } from '../../../../lib/net/range.ts';
import { addressRequest, chooseInput, claim, eip, holder } from './builders.ts';

const port = fc.constantFrom(80, 81, 82).map((number) => ({ port: number, protocol: 'TCP' as const }));
const key = fc.constantFrom(undefined, 'k');
const value = fc.integer({ min: 0, max: 24 }).map(BigInt);
const family = fc.constantFrom<4 | 6>(4, 6);
const anyAddress = fc.tuple(family, value).map(([of, number]) => addressOf(of, number));
const anyEips = fc.array(
  fc.record({
    family,
    first: value,
    length: fc.integer({ min: 0, max: 6 }).map(BigInt),
    disabled: fc.constantFrom(false, false, false, true),
    isDeleting: fc.constantFrom(false, false, false, true),
    isDefault: fc.boolean(),
    namespaces: fc.constantFrom([], ['shop'], ['office']),
    whenFull: fc.constantFrom<'Pend' | 'Refuse'>('Pend', 'Refuse'),
  }),
  { maxLength: 5 },
);
const anyClaims = fc.array(fc.tuple(anyAddress, fc.constantFrom('front', 'a', 'b'), port, key), { maxLength: 20 });
const anyWants = fc.record({
  eipNames: fc.constantFrom<readonly string[]>([], [], ['e0'], ['e0', 'e1'], ['gone']),
  addresses: fc.option(anyAddress).map((one): readonly Address[] => (one ? [one] : [])),
  families: fc.constantFrom<readonly (4 | 6)[]>([4], [6], [4, 6], [6, 4]),
  need: fc.constantFrom<'all' | 'any'>('all', 'any'),
  ports: port.map((one) => [one]),
  sharingKey: key,
});
const anyCase = fc
  .tuple(anyEips, anyClaims, anyWants, fc.array(anyAddress, { maxLength: 2 }))
  .map(([rawEips, rawClaims, { sharingKey, ...rest }, former]) => {
    const eips = rawEips.map(({ family: of, first, length, namespaces, ...differs }, i) =>
      eip(`e${i}`, '0.0.0.0', {
        range: { family: of, first, last: first + length },
        namespaces: new Set(namespaces),
        ...differs,
      }),
    );
    const byAddress = new Map(
      rawClaims.map(([address, name, one, k]) => [
        formatAddress(address),
        claim(address, [holder(name, { ports: [one], ...(k && { sharingKey: k }) })]),
      ]),
    );
    const claims = [...byAddress.values()];
    return { eips, claims, wanted: addressRequest({ ...rest, ...(sharingKey && { sharingKey }) }), former };
  });

const property = (check: (choice: Choice, wanted: AddressRequest, at: ChooseInput) => void): void =>
  fc.assert(
    fc.property(anyCase, ({ eips, claims, wanted, former }) => {
      const at = chooseInput(eips, claims, { former });
      check(choose(wanted, at), wanted, at);
    }),
    { numRuns: 1000 },
  );
const givenBy = (choice: Choice) =>
  choice.kind === 'assigned' ? choice.given : choice.kind === 'pending' ? choice.keeps : [];

it('an address is always of its Eip, and that Eip counts', () => {
  property((choice, _, { pools }) => {
    for (const { address, eip: of } of givenBy(choice)) {
      expect(rangeContains(of.range, address)).toBe(true);
      expect(pools.byName.get(of.name)).toBe(of);
    }
  });
});

it('what another has is never given, but where both agree to share; what it holds itself stays', () => {
  property((choice, wanted, { taken, established }) => {
    for (const { address, how } of givenBy(choice)) {
      if (how === 'free') expect(taken.isTaken(address)).toBe(false);
      if (how === 'held' && established.some((one) => sameAddress(one, address))) continue;
      const others = taken.claimOf(address)?.spec.holders.filter((one) => one.name !== 'front') ?? [];
      expect(mayShare(wanted, address, others)).toEqual({ ok: true });
    }
  });
});

it('at most one address a family, of families that are asked for, in their order; all of them where all are needed', () => {
  property((choice, wanted) => {
    const families = givenBy(choice).map((given) => given.address.family);
    expect(families).toEqual(wanted.families.filter((one) => families.includes(one)));
    if (choice.kind === 'assigned' && wanted.need === 'all') expect(families).toEqual(wanted.families);
    if (choice.kind === 'assigned')
      expect(families.length === wanted.families.length).toBe(choice.lacking === undefined);
  });
});

it('a new address from an Eip that is disabled or being deleted is never given', () => {
  property((choice) => {
    for (const given of givenBy(choice)) if (given.how !== 'held') expect(isOpen(given.eip)).toBe(true);
  });
});

it('the wish is met: Eips named, addresses requested', () => {
  property((choice, wanted) => {
    if (choice.kind !== 'assigned') return;
    for (const { address, eip: of } of choice.given) {
      if (wanted.eipNames.length > 0) expect(wanted.eipNames).toContain(of.name);
      const requested = wanted.addresses.find((one) => one.family === address.family);
      if (requested) expect(address).toEqual(requested);
    }
  });
});

it('the lowest free address of its Eip, where none was requested or had before', () => {
  property((choice, wanted, { taken, former }) => {
    if (choice.kind !== 'assigned' || wanted.addresses.length > 0 || former.length > 0) return;
    for (const { address, eip: of, how } of choice.given)
      if (how === 'free') expect(taken.lowestFree(of.range)).toBe(address.value);
  });
});

it('the same question has the same answer', () => {
  property((choice, wanted, at) => expect(choose(wanted, at)).toEqual(choice));
});

it('asked again once it is claimed, the choice is the same: nothing moves by itself', () => {
  fc.assert(
    fc.property(anyCase, ({ eips, claims, wanted, former }) => {
      const first = choose(wanted, chooseInput(eips, claims, { former }));
      if (first.kind !== 'assigned') return;
      const own = holder('front', {
        ports: wanted.ports,
        ...(wanted.sharingKey && { sharingKey: wanted.sharingKey }),
      });
      const after = new Map(claims.map((one) => [one.spec.address, one]));
      for (const { address } of first.given) {
        const others = after.get(formatAddress(address))?.spec.holders.filter((one) => one.name !== 'front') ?? [];
        after.set(formatAddress(address), claim(address, [...others, own]));
      }
      const wasHeld = first.given.map((given) => after.get(formatAddress(given.address))!);
      const second = choose(wanted, chooseInput(eips, [...after.values()], { held: wasHeld }));
      const addresses = (choice: Choice) => givenBy(choice).map((given) => formatAddress(given.address));
      expect(addresses(second).slice(0, wasHeld.length)).toEqual(expect.arrayContaining(addresses(first)));
    }),
    { numRuns: 500 },
  );
});

it('what is reserved is never given anew', () => {
  const reservations = fc.array(anyAddress, { maxLength: 12 }).map((all) =>
    all.map((at) => ({
      range: { family: at.family, first: at.value, last: at.value },
      what: 'an address of node n1',
    })),
  );
  fc.assert(
    fc.property(anyCase, reservations, fc.boolean(), (one, reserved, avoidBuggyIPs) => {
      const eips = one.eips.map((of) => ({ ...of, avoidBuggyIPs }));
      const withheldFrom = (of: Parameters<NonNullable<ChooseInput['withheldFrom']>>[0]) => new Withheld(of, reserved);
      const at = chooseInput(eips, one.claims, { former: one.former, withheldFrom });
      for (const { address, eip: of, how } of givenBy(choose(one.wanted, at)))
        if (how !== 'held') expect(withheldFrom(of).has(address.value)).toBe(false);
    }),
    { numRuns: 1000 },
  );
});
