/** An entry while its Service is being changed: whoever may join it may stay, whether the change is stored or fails. */
import fc from 'fast-check';
import type { ClaimHolder } from '../../../../lib/api/claim.ts';
import { mayShare } from '../../../../lib/ipam/sharing.ts';
import { underWay } from '../../../../lib/ipam/under-way.ts';
import { holder, wants } from './builders.ts';

const TCP = (port: number) => ({ port, protocol: 'TCP' as const });
const shared = (differs: Partial<ClaimHolder> = {}) => holder('web', { sharingKey: 'edge', ...differs });

it.each<[string, ClaimHolder, ClaimHolder, Partial<ClaimHolder>]>([
  [
    'has the ports of both',
    shared(),
    shared({ ports: [TCP(443)] }),
    { sharingKey: 'edge', ports: [TCP(80), TCP(443)] },
  ],
  ['gives no consent where it gave none', holder('web'), shared(), {}],
  ['gives none where it takes it back', shared(), holder('web'), {}],
  ['gives none by another key', shared(), shared({ sharingKey: 'core' }), {}],
  ['gives none under another policy', shared(), shared({ externalTrafficPolicy: 'Local' }), {}],
  [
    'gives it to the namespaces of both',
    shared({ sharingNamespaces: ['a', 'b'] }),
    shared({ sharingNamespaces: ['b', 'c'] }),
    { sharingKey: 'edge', sharingNamespaces: ['b'] },
  ],
  ['does not mind a selector under Cluster', shared(), shared({ selector: 'app=other' }), { sharingKey: 'edge' }],
  [
    'minds a selector under Local',
    shared({ externalTrafficPolicy: 'Local' }),
    shared({ externalTrafficPolicy: 'Local', selector: 'app=other' }),
    {},
  ],
])('%s', (_, own, next, expected) => {
  const { sharingKey, sharingNamespaces, ports } = underWay(own, next);
  expect({ sharingKey, sharingNamespaces, ports }).toEqual({ ports: [TCP(80)], ...expected });
});

it('keeps who it is of', () => {
  const next = shared({ uid: 'u', token: 't' });
  expect(underWay(shared(), next)).toMatchObject({ namespace: next.namespace, name: 'web', uid: 'u', token: 't' });
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
});

it('whoever may join it may be there before and after', () => {
  fc.assert(
    fc.property(wish, wish, wish, namespaces, (before, after, other, namespace) => {
      const [own, next] = [before, after].map((one) => holder('web', one as Partial<ClaimHolder>));
      const joiner = wants({ namespace, ...other });
      if (!mayShare(joiner, [underWay(own!, next!)]).ok) return;
      expect([mayShare(joiner, [own!]).ok, mayShare(joiner, [next!]).ok]).toEqual([true, true]);
    }),
    { numRuns: 2_000 },
  );
});
