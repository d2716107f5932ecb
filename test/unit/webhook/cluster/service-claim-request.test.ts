/** Which entries in claims are a Service's: copied marks are not, and neither are those of a Service that had the name before. */
import type { ClaimHolder } from '../../../../lib/api/skycap/claim.ts';
import {
  claimsHeld,
  holderFor,
  type Identity,
  isOfService,
  isOwnToken,
  type ServiceClaimRequest,
} from '../../../../webhook/cluster/service-claim-request.ts';
import { addr, addressRequest, claim, holder, ledgerOf } from '../../lib/ipam/builders.ts';

const born: Identity = { namespace: 'shop', name: 'front', uid: undefined };
const nameless: Identity = { namespace: 'shop', name: undefined, uid: undefined };
const alive: Identity = { namespace: 'shop', name: 'front', uid: 'u1' };

/** `undefined` takes the field away. */
function entry(differs: { [K in 'namespace' | 'name' | 'uid' | 'token']?: string | undefined }): ClaimHolder {
  const { name, uid, ...rest } = { ...holder('front'), token: 't1', ...differs } as ClaimHolder;
  return { ...rest, ...(name !== undefined && { name }), ...(uid !== undefined && { uid }) };
}

it.each<[string, Identity, ClaimHolder, boolean]>([
  ['written for this name a moment ago', born, entry({ uid: undefined }), true],
  ['written under generateName a moment ago', nameless, entry({ uid: undefined, name: undefined }), true],
  ['copied from another Service', born, entry({ uid: undefined, name: 'other' }), false],
  ['copied from a Service that exists', born, entry({ uid: 'u9' }), false],
  ['copied from one under generateName', born, entry({ uid: undefined, name: undefined }), false],
  ['copied into a nameless one', nameless, entry({ uid: undefined }), false],
  ['copied from another namespace', born, entry({ uid: undefined, namespace: 'office' }), false],
  ['another token', born, entry({ uid: undefined, token: 't2' }), false],
])('at creation, a token %s', (_, identity, one, own) => {
  expect(isOwnToken(identity, 't1')(one)).toBe(own);
});

it.each<[string, ClaimHolder, boolean]>([
  ['bound to it', entry({ uid: 'u1' }), true],
  ['bound to it, by another name: the uid counts', entry({ uid: 'u1', name: undefined }), true],
  ['bound to a Service that had the name before', entry({ uid: 'u0' }), false],
  ['not bound yet, of its name', entry({ uid: undefined, token: 'other' }), true],
  ['not bound yet, nameless, with its token', entry({ uid: undefined, name: undefined }), true],
  ['not bound yet, nameless, with another token', entry({ uid: undefined, name: undefined, token: 'other' }), false],
  ['not bound yet, of another name, with its token', entry({ uid: undefined, name: 'other' }), false],
  ['in another namespace', entry({ uid: undefined, namespace: 'office' }), false],
])('of a stored Service, an entry %s', (_, one, own) => {
  expect(isOfService(alive, 't1')(one)).toBe(own);
});

it('claims held: those of its entries, what it shows first, then the lowest', () => {
  const mine = (address: string) => claim(address, [holder('front', { uid: 'u1' })]);
  const ledger = ledgerOf(
    mine('198.51.100.3'),
    mine('198.51.100.1'),
    mine('198.51.100.2'),
    claim('198.51.100.9', [holder('front', { uid: 'u0' })]),
  );
  const claimRequest: ServiceClaimRequest = {
    addressRequest: addressRequest(),
    holder: holderFor(alive, addressRequest(), 'token-front', new Date(0)),
    isSelf: isOfService(alive, 'token-front'),
    shown: [addr('198.51.100.2')],
    published: [],
    former: [],
    stored: [],
  };
  expect(claimsHeld(claimRequest, ledger).map((one) => one.spec.address)).toEqual([
    '198.51.100.2',
    '198.51.100.1',
    '198.51.100.3',
  ]);
});

it('the entry to write has what sharing asks for, and no uid', () => {
  const wish = addressRequest({ sharingKey: 'k', sharingNamespaces: ['office'] });
  expect(holderFor(alive, wish, 't1', new Date('2026-01-01T00:00:00Z'))).toEqual({
    namespace: 'shop',
    name: 'front',
    token: 't1',
    ports: [{ port: 80, protocol: 'TCP' }],
    sharingKey: 'k',
    sharingNamespaces: ['office'],
    externalTrafficPolicy: 'Cluster',
    selector: 'app=web',
    since: '2026-01-01T00:00:00.000Z',
  });
  expect(Object.keys(holderFor(nameless, addressRequest(), 't1', new Date(0)))).not.toEqual(
    expect.arrayContaining(['name', 'sharingKey', 'sharingNamespaces']),
  );
});
