/** Who may share an address with whom. Each row: the Service that asks, the one that has the address, and the sentence of the refusal. */
import type { ClaimHolder } from '../../../../lib/api/claim.ts';
import type { Wants } from '../../../../lib/api/wants.ts';
import { holderName, mayShare } from '../../../../lib/ipam/sharing.ts';
import { holder, wants } from './builders.ts';

const HTTPS = { ports: [{ port: 443, protocol: 'TCP' }] } as const;
const asks = (differs: Partial<Wants> = {}): Wants => wants({ sharingKey: 'edge', ...HTTPS, ...differs });
const has = (differs: Partial<ClaimHolder> = {}): ClaimHolder => holder('other', { sharingKey: 'edge', ...differs });
const abroad = { namespace: 'office', sharingNamespaces: ['shop'] };

const rows: readonly (readonly [string, Wants, readonly ClaimHolder[], string | undefined])[] = [
  ['nobody has it', asks(), [], undefined],
  ['same key, other port', asks(), [has()], undefined],
  ['same port number, other protocol', asks({ ports: [{ port: 80, protocol: 'UDP' }] }), [has()], undefined],
  [
    'no key asked',
    wants(HTTPS),
    [has()],
    'Service shop/other has it; give both the same annotation skycap.io/sharing-key to share it',
  ],
  [
    'no key on the other',
    asks(),
    [holder('other')],
    'Service shop/other has it; give both the same annotation skycap.io/sharing-key to share it',
  ],
  [
    'no key on either',
    wants(HTTPS),
    [holder('other')],
    'Service shop/other has it; give both the same annotation skycap.io/sharing-key to share it',
  ],
  [
    'another key',
    asks({ sharingKey: 'x' }),
    [has()],
    'Service shop/other has it; give both the same annotation skycap.io/sharing-key to share it',
  ],
  [
    'the same port',
    asks({
      ports: [
        { port: 443, protocol: 'TCP' },
        { port: 80, protocol: 'TCP' },
      ],
    }),
    [has()],
    'Service shop/other uses port 80/TCP of it; choose another port',
  ],
  [
    'the second of two has the port',
    asks(),
    [has(), has({ name: 'third', ...HTTPS })],
    'Service shop/third uses port 443/TCP of it; choose another port',
  ],
  ['both namespaces name each other', asks({ sharingNamespaces: ['office'] }), [has(abroad)], undefined],
  [
    'only the other names ours',
    asks(),
    [has(abroad)],
    "Service office/other is in another namespace; list each other's namespace in skycap.io/sharing-namespaces on both",
  ],
  [
    'only we name the other',
    asks({ sharingNamespaces: ['office'] }),
    [has({ namespace: 'office' })],
    "Service office/other is in another namespace; list each other's namespace in skycap.io/sharing-namespaces on both",
  ],
  [
    'Cluster beside Local',
    asks(),
    [has({ externalTrafficPolicy: 'Local' })],
    'Service shop/other has externalTrafficPolicy Local; sharers need the same one',
  ],
  [
    'Local, one selector',
    asks({ externalTrafficPolicy: 'Local' }),
    [has({ externalTrafficPolicy: 'Local' })],
    undefined,
  ],
  [
    'Local, other selectors',
    asks({ externalTrafficPolicy: 'Local', selector: 'app=x' }),
    [has({ externalTrafficPolicy: 'Local' })],
    'Service shop/other has other endpoints; with externalTrafficPolicy Local sharers need one namespace and selector',
  ],
  [
    'Local without selectors: endpoints unknown',
    asks({ externalTrafficPolicy: 'Local', selector: '' }),
    [has({ externalTrafficPolicy: 'Local', selector: '' })],
    'Service shop/other has other endpoints; with externalTrafficPolicy Local sharers need one namespace and selector',
  ],
  [
    'Local, across namespaces',
    asks({ externalTrafficPolicy: 'Local', sharingNamespaces: ['office'] }),
    [has({ externalTrafficPolicy: 'Local', ...abroad })],
    'Service office/other has other endpoints; with externalTrafficPolicy Local sharers need one namespace and selector',
  ],
  ['Cluster, other selectors', asks({ selector: 'app=x' }), [has()], undefined],
];

it.each(rows)('%s', (_, one, others, why) => {
  expect(mayShare(one, others)).toEqual(why === undefined ? { ok: true } : { ok: false, why });
});

it('a holder that has no name yet is called so', () => {
  expect(holderName({ ...holder('x'), name: undefined } as ClaimHolder)).toBe('shop/(being created)');
});
