import fc from 'fast-check';
import type { ClaimPort } from '../../../../../lib/api/skycap/claim.ts';
import {
  newHolder,
  renewedHolder,
  requestIn,
  requestOf,
  requestText,
} from '../../../../../lib/ipam/claims/holder-entry.ts';
import { addr, addressRequest, holder, NOW_MS, service } from '../../../allocator/builders.ts';

const tcp = (...ports: number[]): ClaimPort[] => ports.map((port) => ({ port, protocol: 'TCP' }));

const FRONT = { namespace: 'shop', name: 'front', uid: 'uid-front' };

test('a new entry says what the Service wants; at admission it has no uid, and under generateName no name', () => {
  const admitted = newHolder(
    { ...FRONT, uid: undefined },
    addressRequest({ sharingNamespaces: ['office'] }),
    't1',
    NOW_MS,
  );
  expect([admitted.name, 'uid' in admitted, admitted.sharingNamespaces]).toEqual(['front', false, ['office']]);
  const nameless = newHolder({ ...FRONT, name: undefined, uid: undefined }, addressRequest(), 't1', NOW_MS);
  expect(['name', 'sharingKey', 'sharingNamespaces'].filter((key) => key in nameless)).toEqual([]);
});

test('a new entry of a Service that is stored is bound from the start', () => {
  expect(newHolder(FRONT, addressRequest({ sharingKey: 'k' }), 'token', NOW_MS)).toEqual({
    namespace: 'shop',
    name: 'front',
    uid: 'uid-front',
    token: 'token',
    ports: tcp(80),
    sharingKey: 'k',
    externalTrafficPolicy: 'Cluster',
    selector: 'app=web',
    since: '2026-01-02T00:00:00.000Z',
  });
});

test.each([
  ['nothing differs: nothing is written', {}, addressRequest(), { bind: false, serviceCounts: false }, undefined],
  [
    'nothing differs but the order of ports',
    { ports: tcp(443, 80) },
    addressRequest({ ports: tcp(80, 443) }),
    { bind: false, serviceCounts: true },
    undefined,
  ],
  [
    'it is to be bound',
    { uid: undefined },
    addressRequest(),
    { bind: true, serviceCounts: false },
    { uid: 'uid-front' },
  ],
  [
    'it is to be bound, and was made by another create call for the name',
    { uid: undefined, token: 'other' },
    addressRequest(),
    { bind: true, serviceCounts: false, token: 'token-front' },
    { uid: 'uid-front', token: 'token-front' },
  ],
  [
    'a port comes in: it is added at once',
    {},
    addressRequest({ ports: tcp(80, 443) }),
    { bind: false, serviceCounts: false },
    { ports: tcp(80, 443) },
  ],
  [
    'a port went: it stays while an update may be under way',
    { ports: tcp(80, 443) },
    addressRequest(),
    { bind: false, serviceCounts: false },
    undefined,
  ],
  [
    'a port went, and the Service counts',
    { ports: tcp(80, 443) },
    addressRequest(),
    { bind: false, serviceCounts: true },
    { ports: tcp(80) },
  ],
  [
    'bound, with another token than the Service is to show: the same for all',
    { token: 'other' },
    addressRequest(),
    { bind: false, serviceCounts: false, token: 'token-front' },
    { token: 'token-front' },
  ],
  [
    'not to be bound yet, with another token',
    { uid: undefined, token: 'other' },
    addressRequest(),
    { bind: false, serviceCounts: false, token: 'token-front' },
    undefined,
  ],
  [
    'another key: it stays while an update may be under way',
    {},
    addressRequest({ sharingKey: 'k' }),
    { bind: false, serviceCounts: false },
    undefined,
  ],
  [
    'another key, and the Service counts',
    {},
    addressRequest({ sharingKey: 'k' }),
    { bind: false, serviceCounts: true },
    { sharingKey: 'k' },
  ],
])('%s', (_, own, claimedRequest, renewal, change) => {
  const { uid, ...rest } = holder('front', own as object);
  const entry = uid === undefined ? rest : { ...rest, uid };
  const next = renewedHolder(entry, service(), requestOf(claimedRequest, addr('10.0.0.1')), { token: '', ...renewal });
  if (change === undefined) expect(next).toBe(entry);
  else expect(next).toEqual({ ...entry, ...change });
});

test('no port of the Service is ever missing, whatever is known of the update', () => {
  const ports = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }).map((list) => tcp(...list));
  fc.assert(
    fc.property(ports, ports, fc.boolean(), fc.boolean(), (claimed, requested, bind, serviceCounts) => {
      const next = renewedHolder(
        holder('front', { ports: claimed }),
        service(),
        requestOf(addressRequest({ ports: requested }), addr('10.0.0.1')),
        {
          token: '',
          bind,
          serviceCounts,
        },
      );
      for (const port of requested) expect(next.ports).toContainEqual(port);
      if (serviceCounts)
        expect(requestText(requestIn(next))).toBe(
          requestText(requestOf(addressRequest({ ports: requested }), addr('10.0.0.1'))),
        );
    }),
  );
});
