/** An entry while its Service is being changed: whoever may join it may stay, whether the change is stored or fails. */
import fc from 'fast-check';
import type { AddressRequest } from '../../../../../lib/api/service/address-request.ts';
import type { ClaimHolder } from '../../../../../lib/api/skycap/claim.ts';
import { mayShare } from '../../../../../lib/ipam/choice/sharing.ts';
import { mergeInFlight } from '../../../../../lib/ipam/claims/merge-in-flight.ts';
import { addr, addressRequest, holder } from '../builders.ts';

const TCP = (port: number) => ({ port, protocol: 'TCP' as const });
const shared = (differs: Partial<ClaimHolder> = {}) => holder('web', { sharingKey: 'edge', ...differs });

it.each<[string, ClaimHolder, ClaimHolder, Partial<ClaimHolder>]>([
  [
    'has the ports of both',
    shared(),
    shared({ ports: [TCP(443)] }),
    { sharingKey: 'edge', ports: [TCP(80), TCP(443)] },
  ],
  ['is closed where it gave no consent', holder('web'), shared(), { sharingKey: 'edge', changing: true }],
  ['is closed where it takes it back', shared(), holder('web'), { changing: true }],
  ['is closed by another key', shared(), shared({ sharingKey: 'core' }), { sharingKey: 'core', changing: true }],
  [
    'is closed by another policy',
    shared(),
    shared({ externalTrafficPolicy: 'Local' }),
    { sharingKey: 'edge', changing: true },
  ],
  [
    'is closed by other namespaces',
    shared({ sharingNamespaces: ['a', 'b'] }),
    shared({ sharingNamespaces: ['b', 'c'] }),
    { sharingKey: 'edge', sharingNamespaces: ['b', 'c'], changing: true },
  ],
  ['is closed by a request', holder('web'), holder('web', { requested: true }), { requested: true, changing: true }],
  [
    'stays closed until it is known what is stored',
    shared({ changing: true }),
    shared(),
    { sharingKey: 'edge', changing: true },
  ],
  ['does not mind a selector under Cluster', shared(), shared({ selector: 'app=other' }), { sharingKey: 'edge' }],
  [
    'minds a selector under Local',
    shared({ externalTrafficPolicy: 'Local' }),
    shared({ externalTrafficPolicy: 'Local', selector: 'app=other' }),
    { sharingKey: 'edge', changing: true },
  ],
])('%s', (_, own, next, expected) => {
  const { sharingKey, sharingNamespaces, ports, requested, changing } = mergeInFlight(own, next);
  expect({ sharingKey, sharingNamespaces, ports, requested, changing }).toEqual({ ports: [TCP(80)], ...expected });
});

it('has the ports that it gives up, until it takes one back', () => {
  const moved = mergeInFlight(shared(), shared({ ports: [TCP(443)] }));
  expect(moved).toMatchObject({ ports: [TCP(80), TCP(443)], leaving: [TCP(80)] });
  expect(mergeInFlight(moved, shared({ ports: [TCP(80)] }))).toMatchObject({ leaving: [TCP(443)] });
  expect(mergeInFlight(moved, shared({ ports: [TCP(80), TCP(443)] }))).not.toHaveProperty('leaving');
});

it('has what it was asked for before, and what it is to be asked for', () => {
  const own = shared({ askedFor: ['Eip web'] });
  expect(mergeInFlight(own, shared({ askedFor: ['Eip other'] })).askedFor).toEqual(['Eip web', 'Eip other']);
  expect(mergeInFlight(own, shared()).askedFor).toEqual(['Eip web']);
  expect(mergeInFlight(shared(), shared())).not.toHaveProperty('askedFor');
});

it('keeps who it is of', () => {
  const next = shared({ uid: 'u', token: 't' });
  expect(mergeInFlight(shared(), next)).toMatchObject({ namespace: next.namespace, name: 'web', uid: 'u', token: 't' });
});

const namespaces = fc.constantFrom('shop', 'office');
const wish = fc.record({
  ports: fc
    .uniqueArray(fc.integer({ min: 80, max: 89 }), { minLength: 1, maxLength: 2 })
    .map((ports) => ports.map(TCP)),
  sharingKey: fc.constantFrom(undefined, 'edge', 'edge', 'core'),
  sharingNamespaces: fc.uniqueArray(namespaces),
  externalTrafficPolicy: fc.constantFrom('Cluster' as const, 'Local' as const),
  selector: fc.constantFrom('', 'app=web', 'app=other'),
  requested: fc.boolean(),
});
const AT = addr('198.51.100.7');

it('whoever may join it may be there before and after', () => {
  fc.assert(
    fc.property(wish, wish, wish, namespaces, (before, after, other, namespace) => {
      const [own, next] = [before, after].map((one) => holder('web', one as Partial<ClaimHolder>));
      const { requested, ...rest } = other;
      const joiner = addressRequest({
        namespace,
        ...rest,
        addresses: requested ? [AT] : [],
      } as Partial<AddressRequest>);
      if (!mayShare(joiner, AT, [mergeInFlight(own!, next!)]).ok) return;
      expect([mayShare(joiner, AT, [own!]).ok, mayShare(joiner, AT, [next!]).ok]).toEqual([true, true]);
    }),
    { numRuns: 2_000 },
  );
});
