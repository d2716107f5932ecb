/** Who may join an address, and what keeps those apart who have one together. Each row: the Service that asks, the one that has the address, and the sentence of the refusal. */

import type { AddressRequest } from '../../../../../lib/api/service/address-request.ts';
import type { ClaimHolder } from '../../../../../lib/api/skycap/claim.ts';
import { holderName, mayShare, takenPort, whyApart } from '../../../../../lib/ipam/choice/sharing.ts';
import { addr, addressRequest, holder } from '../builders.ts';

const AT = addr('198.51.100.7');
const HTTPS = { ports: [{ port: 443, protocol: 'TCP' }] } as const;
const asks = (differs: Partial<AddressRequest> = {}): AddressRequest =>
  addressRequest({ sharingKey: 'edge', ...HTTPS, ...differs });
const has = (differs: Partial<ClaimHolder> = {}): ClaimHolder => holder('other', { sharingKey: 'edge', ...differs });
const abroad = { namespace: 'office', sharingNamespaces: ['shop'] };

const requests = (differs: Partial<ClaimHolder> = {}): ClaimHolder => holder('other', { requested: true, ...differs });
const KEY = 'Service shop/other has it; give both the same annotation skycap.io/sharing-key to share it';
const KEY_ABROAD = KEY.replace('shop', 'office');

const rows: readonly (readonly [string, AddressRequest, readonly ClaimHolder[], string | undefined])[] = [
  ['nobody has it', asks(), [], undefined],
  ['same key, other port', asks(), [has()], undefined],
  ['same port number, other protocol', asks({ ports: [{ port: 80, protocol: 'UDP' }] }), [has()], undefined],
  [
    'no key asked',
    addressRequest(HTTPS),
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
    addressRequest(HTTPS),
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
  ['both request it, in one namespace', addressRequest({ addresses: [AT], ...HTTPS }), [requests()], undefined],
  ['both request it, and one has a key', asks({ addresses: [AT] }), [requests()], undefined],
  ['both request it, and their keys differ', asks({ addresses: [AT] }), [requests({ sharingKey: 'x' })], KEY],
  [
    'both request it, in two namespaces',
    addressRequest({ addresses: [AT], ...HTTPS }),
    [requests({ namespace: 'office' })],
    KEY_ABROAD,
  ],
  ['only the other requests it', addressRequest(HTTPS), [requests()], KEY],
  ['another address is requested', addressRequest({ addresses: [addr('198.51.100.8')], ...HTTPS }), [requests()], KEY],
  ['only we request it', addressRequest({ addresses: [AT], ...HTTPS }), [holder('other')], KEY],
  [
    'both request it, with one port',
    addressRequest({ addresses: [AT] }),
    [requests()],
    'Service shop/other uses port 80/TCP of it; choose another port',
  ],
  [
    'the other is being changed',
    asks(),
    [has({ changing: true })],
    'Service shop/other is being changed; it is tried again soon',
  ],
];

it.each(rows)('%s', (_, one, others, why) => {
  expect(mayShare(one, AT, others)).toEqual(why === undefined ? { ok: true } : { ok: false, why });
});

it('a holder that has no name yet is called so', () => {
  expect(holderName({ ...holder('x'), name: undefined } as ClaimHolder)).toBe('shop/(being created)');
});

describe('those who have an address together', () => {
  it('have nothing in their way where each could join the others', () => {
    expect(whyApart(asks(), AT, [has(), requests({ changing: true, sharingKey: 'edge' })])).toBeUndefined();
  });

  it('are told all of it at once', () => {
    const other = holder('other', { ...abroad, externalTrafficPolicy: 'Local' });
    expect(whyApart(addressRequest(), AT, [other])).toBe(
      [
        'Service office/other has it; give both the same annotation skycap.io/sharing-key to share it',
        "Service office/other is in another namespace; list each other's namespace in skycap.io/sharing-namespaces on both",
        'Service office/other uses port 80/TCP of it; choose another port',
        'Service office/other has externalTrafficPolicy Local; sharers need the same one',
      ].join('; '),
    );
  });

  it('are told once of what many have', () => {
    const others = ['a', 'b', 'c', 'd', 'e'].map((name) => holder(name, HTTPS));
    expect(whyApart(addressRequest(), AT, others)).toBe(
      'Services shop/a, shop/b, shop/c and 2 more have it; give all the same annotation skycap.io/sharing-key to share it',
    );
    expect(
      whyApart(
        asks(),
        AT,
        others.slice(0, 2).map((one) => ({ ...one, sharingKey: 'edge' })),
      ),
    ).toBe('Services shop/a, shop/b use port 443/TCP of it; choose another port');
  });
});

it('a port that somebody has is named, with whom', () => {
  const ports = [
    { port: 80, protocol: 'TCP' },
    { port: 443, protocol: 'TCP' },
  ] as const;
  expect(takenPort(ports, [has({ ports: [] }), has(HTTPS)])).toBe(
    'Service shop/other holds port 443/TCP of it; choose another port, or try again in a few seconds if that Service has just left it',
  );
  expect(takenPort([], [has()])).toBeUndefined();
});
