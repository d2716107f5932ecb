/** Which holders are a Service's, for webhook and allocator: copied marks are not. */
import type { ClaimHolder } from '../../../../../lib/api/skycap/claim.ts';
import {
  claimsOf,
  holdersOf,
  holdersOfNew,
  ownHolder,
  type ServiceIdentity,
} from '../../../../../lib/ipam/claims/holders-of.ts';
import { addr, claim, holder, ledgerOf } from '../builders.ts';

const born: ServiceIdentity = { namespace: 'shop', name: 'front', uid: undefined, token: 't1' };
const nameless: ServiceIdentity = { namespace: 'shop', name: undefined, uid: undefined, token: 't1' };
const alive: ServiceIdentity = { namespace: 'shop', name: 'front', uid: 'u1', token: 't1' };

/** `undefined` takes the field away. */
function entry(differs: { [K in 'namespace' | 'name' | 'uid' | 'token']?: string | undefined }): ClaimHolder {
  const { name, uid, ...rest } = { ...holder('front'), token: 't1', ...differs } as ClaimHolder;
  return { ...rest, ...(name !== undefined && { name }), ...(uid !== undefined && { uid }) };
}

it.each<[string, ServiceIdentity, ClaimHolder, boolean]>([
  ['written for this name a moment ago', born, entry({ uid: undefined }), true],
  ['written under generateName a moment ago', nameless, entry({ uid: undefined, name: undefined }), true],
  ['copied from another Service', born, entry({ uid: undefined, name: 'other' }), false],
  ['copied from a Service that exists', born, entry({ uid: 'u9' }), false],
  ['copied from one under generateName', born, entry({ uid: undefined, name: undefined }), false],
  ['copied into a nameless one', nameless, entry({ uid: undefined }), false],
  ['copied from another namespace', born, entry({ uid: undefined, namespace: 'office' }), false],
  ['another token', born, entry({ uid: undefined, token: 't2' }), false],
])('at creation, a token %s', (_, identity, one, own) => {
  expect(holdersOfNew(identity)(one)).toBe(own);
});

it.each<[string, ClaimHolder, boolean, boolean]>([
  ['bound to it', entry({ uid: 'u1' }), true, true],
  ['bound to it, by another name: the uid counts', entry({ uid: 'u1', name: undefined }), true, true],
  ['bound to a Service that had the name before', entry({ uid: 'u0' }), false, true],
  ['not bound yet, of its name', entry({ uid: undefined, token: 'other' }), true, true],
  ['not bound yet, nameless, with its token', entry({ uid: undefined, name: undefined }), true, true],
  ['not bound yet, nameless, with another token', entry({ uid: undefined, name: undefined, token: 'x' }), false, false],
  ['not bound yet, of another name, with its token', entry({ uid: undefined, name: 'other' }), false, false],
  ['bound to another Service, with its token', entry({ uid: 'u9', name: 'other' }), false, false],
  ['in another namespace', entry({ uid: undefined, namespace: 'office' }), false, false],
])(
  'of a stored Service, for the webhook and for the allocator, an entry %s',
  (_, one, isForWebhook, isForAllocator) => {
    const [webhook, allocator] = [holdersOf(alive, 'isLeft'), holdersOf(alive, 'counts')];
    expect([webhook(one), allocator(one)]).toEqual([isForWebhook, isForAllocator]);
  },
);

it('a token that is not its own tells of nothing', () => {
  const copied = holdersOf({ ...alive, token: undefined }, 'counts');
  expect(copied(entry({ uid: undefined, name: undefined }))).toBe(false);
});

describe('of several entries in one claim', () => {
  const bound = entry({ uid: 'u1' });
  const answered = entry({ uid: undefined });
  const underWay = entry({ uid: undefined, token: 'other' });
  const former = entry({ uid: 'u0' });

  test.each<[string, ClaimHolder[], ClaimHolder]>([
    ['the one that is bound to it', [former, answered, underWay, bound], bound],
    ['else the one that it was answered with', [former, underWay, answered], answered],
    ['else one of a call that is under way', [former, underWay], underWay],
    ['else that of a Service that had its name', [former], former],
  ])('%s', (_, entries, expected) => {
    expect(ownHolder(alive, entries)).toBe(expected);
  });
});

it('its claims: those with one of its entries, what it shows first, then the lowest', () => {
  const mine = (address: string) => claim(address, [holder('front', { uid: 'u1' })]);
  const former = claim('198.51.100.9', [holder('front', { uid: 'u0' })]);
  const ledger = ledgerOf(
    mine('198.51.100.10'),
    mine('198.51.100.3'),
    mine('198.51.100.1'),
    mine('198.51.100.2'),
    former,
  );
  const shown = () => [addr('198.51.100.3'), addr('198.51.100.2')];
  const found = (which: 'counts' | 'isLeft') =>
    claimsOf(alive, holdersOf(alive, which), shown, ledger).map(({ spec }) => spec.address.slice(11));
  expect(found('isLeft')).toEqual(['3', '2', '1', '10']);
  expect(found('counts')).toEqual(['3', '2', '1', '9', '10']);
});
