import type { ClaimHolder } from '../../../../../lib/api/skycap/claim.ts';
import { type HeldAddress, pinnedAddresses } from '../../../../../lib/ipam/choice/held-address.ts';
import {
  annotatedAddresses,
  formerAddresses,
  isEstablished,
  keptAddresses,
  tokenShown,
} from '../../../../../lib/ipam/claims/service-claims.ts';
import { formatAddress } from '../../../../../lib/net/address.ts';
import { addr, addressRequest, claim, holder, service } from '../../../allocator/builders.ts';

const heldAddress = (
  address: string,
  eip: HeldAddress['eip'],
  others: readonly ClaimHolder[] = [],
  eipName = 'web',
): HeldAddress => {
  const own = holder('front');
  const made = claim(address, [own, ...others]);
  return {
    address: addr(address),
    claim: { ...made, spec: { ...made.spec, eip: eipName } },
    own,
    eipName,
    eip,
    isEstablished: true,
  };
};
const texts = (heldAddresses: readonly HeldAddress[]): string[] =>
  heldAddresses.map(({ address }) => formatAddress(address));

test('former addresses are those shown and not held, each once; what is no address is passed over', () => {
  const of = service({
    published: ['10.0.0.1', '10.0.0.2'],
    annotations: { 'skycap.io/addresses': '10.0.0.2, 10.0.0.3,nonsense' },
  });
  expect(formerAddresses(of, [heldAddress('10.0.0.1', 'usable')]).map(formatAddress)).toEqual(['10.0.0.2', '10.0.0.3']);
  expect(annotatedAddresses(service())).toEqual([]);
});

test.each<[string, readonly HeldAddress[], ReturnType<typeof addressRequest>, string[]]>([
  ['of an unusable Eip stays', [heldAddress('10.0.0.1', 'unusable')], addressRequest(), ['10.0.0.1']],
  ['of a usable Eip is left to the choice', [heldAddress('10.0.0.1', 'usable')], addressRequest(), []],
  [
    'of a usable Eip, preferred, leaves the unusable one',
    [heldAddress('10.0.0.1', 'usable'), heldAddress('10.0.0.2', 'unusable')],
    addressRequest(),
    [],
  ],
  ['that its Eip’s deletion released does not stay', [heldAddress('10.0.0.1', 'released')], addressRequest(), []],
  [
    'that was not requested does not stay',
    [heldAddress('10.0.0.1', 'unusable')],
    addressRequest({ addresses: [addr('10.0.0.2')] }),
    [],
  ],
  [
    'of an Eip that is not named any more does not stay',
    [heldAddress('10.0.0.1', 'unusable')],
    addressRequest({ eipNames: ['other'] }),
    [],
  ],
  [
    'of the Eip that is named stays',
    [heldAddress('10.0.0.1', 'unusable')],
    addressRequest({ eipNames: ['web'] }),
    ['10.0.0.1'],
  ],
  ['of another family does not count', [heldAddress('10.0.0.1', 'unusable')], addressRequest({ families: [6] }), []],
  [
    'stays whatever those say who have it too',
    [heldAddress('10.0.0.1', 'unusable', [holder('back')])],
    addressRequest(),
    ['10.0.0.1'],
  ],
])('a preferred address %s', (_, heldAddresses, claimedRequest, expected) => {
  expect(texts(pinnedAddresses(claimedRequest, heldAddresses))).toEqual(expected);
});

test('an address counts to the Eip that has it now, not to the one that gave it: nothing is pinned in its place', () => {
  // Found by never-cleared.test.ts: seed 519246614.
  const moved = { ...heldAddress('10.0.0.7', 'usable', [], 'a'), eipName: 'b' };
  const outside = heldAddress('192.0.2.1', 'unusable', [], 'b');
  expect(texts(pinnedAddresses(addressRequest({ eipNames: ['b'] }), [moved, outside]))).toEqual([]);
});

test('who waits keeps one address a family, but none that was released, and whatever the others who have it say', () => {
  const both = [
    heldAddress('10.0.0.1', 'released'),
    heldAddress('10.0.0.2', 'usable', [holder('back')]),
    heldAddress('10.0.0.3', 'usable'),
    heldAddress('2001:db8::1', 'unusable'),
  ];
  expect(texts(keptAddresses(both))).toEqual(['10.0.0.2', '2001:db8::1']);
});

test('an entry that may be of a failed create call for the same name is neither kept nor pinned', () => {
  const doubtful = (eip: HeldAddress['eip']): HeldAddress => ({
    ...heldAddress('10.0.0.2', eip),
    isEstablished: false,
  });
  expect(keptAddresses([doubtful('usable')])).toEqual([]);
  expect(pinnedAddresses(addressRequest(), [doubtful('unusable')])).toEqual([]);
});

const ANNOTATED = { 'skycap.io/addresses': '10.0.0.1,10.0.0.2' };

test.each<[string, Partial<ClaimHolder>, Parameters<typeof service>[0], boolean]>([
  ['bound to it', {}, {}, true],
  ['bound to its predecessor', { uid: 'uid-other' }, {}, false],
  ['unbound, with its token, and annotated', { uid: undefined }, { annotations: ANNOTATED }, true],
  ['unbound, with its token, which it took from a create call that failed', { uid: undefined }, {}, false],
  ['unbound, with another token', { uid: undefined, token: 'x' }, { annotations: ANNOTATED }, false],
  [
    'unbound, with another token, of the address that it publishes',
    { uid: undefined, token: 'x' },
    { published: ['10.0.0.2'] },
    true,
  ],
])('an entry %s: established', (_, differs, made, expected) => {
  const own = holder('front', differs as Partial<ClaimHolder>);
  expect(isEstablished(service(made), addr('10.0.0.2'), own, 'token-front')).toBe(expected);
});

test.each<[string, Partial<ClaimHolder>, string | undefined, string]>([
  ['of the first address, bound', { uid: 'uid-front', token: 'a' }, 'b', 'a'],
  ['the Service’s own, while that entry is not bound', { uid: undefined, token: 'a' }, 'b', 'b'],
  ['of that entry, where the Service has none of its own', { uid: undefined, token: 'a' }, undefined, 'a'],
])('the token to be shown: %s', (_, differs, own, expected) => {
  const { uid, ...rest } = holder('front', differs);
  const first = { address: addr('10.0.0.1'), own: uid === undefined ? rest : { ...rest, uid } };
  const second = { address: addr('2001:db8::'), own: holder('front', { token: 'c' }) };
  expect(tokenShown(addr('10.0.0.1'), [second, first], own)).toBe(expected);
  expect(tokenShown(undefined, [second, first], own)).toBe(own ?? '');
});
