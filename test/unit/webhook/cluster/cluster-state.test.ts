/** What the webhook knows, and that it says so while it does not know enough. */
import type { Service } from '../../../../lib/api/service/service.ts';
import { addr, addressRequest, claim, holder } from '../../lib/ipam/builders.ts';
import { clusterStateOf, eipObject } from '../builders.ts';

it('follows the Eips and the claims', () => {
  const { cluster, sources } = clusterStateOf([eipObject('web', '198.51.100.0/30')]);
  expect(cluster.addressRequestContext()).toEqual({
    unmarkedServices: 'defaultEip',
    defaultEipExists: false,
    isServedByAnother: false,
    primaryFamily: 4,
  });
  const annotations = { 'eip.openelb.kubesphere.io/is-default-eip': 'true' };
  const standard = eipObject('default', '203.0.113.0/30', {}, { annotations });
  sources.eips.put(standard);
  expect(cluster.addressRequestContext().defaultEipExists).toBe(true);
  sources.eips.remove(standard);
  expect(cluster.addressRequestContext().defaultEipExists).toBe(false);
  const taken = claim('198.51.100.1', [holder('front')]);
  sources.claims.put(taken);
  expect(cluster.ledger.isTaken(addr('198.51.100.1'))).toBe(true);
  sources.claims.remove(taken);
  expect(cluster.ledger.isTaken(addr('198.51.100.1'))).toBe(false);
});

it('an Eip that cannot be read is passed over; one that overlaps is seen by validation only', () => {
  const { cluster } = clusterStateOf([
    eipObject('web', '198.51.100.0/30'),
    eipObject('late', '198.51.100.0/24', {}, { creationTimestamp: '2026-02-01T00:00:00Z' }),
    eipObject('broken', 'nonsense'),
  ]);
  expect(cluster.eips().map((eip) => eip.name)).toEqual(['web', 'late']);
});

it('says which addresses of an Eip are in use, and by whom', () => {
  const { cluster } = clusterStateOf(
    [],
    [
      claim('198.51.100.1', [holder('a'), holder('b')]),
      { ...claim('203.0.113.1', [holder('c')]), spec: { address: '203.0.113.1', eip: 'other', holders: [] } },
    ],
  );
  expect(cluster.liveAddresses('web')).toEqual([{ address: '198.51.100.1', services: ['shop/a', 'shop/b'] }]);
});

it.each([
  ['eips', 'the Eips are not read yet'],
  ['claims', 'the EipClaims are not read yet'],
  ['namespaces', 'the Namespaces are not read yet'],
] as const)('misses %s until they are read', (kind, sentence) => {
  const { cluster, sources } = clusterStateOf([]);
  expect(cluster.missing).toBeUndefined();
  sources[kind].synced = false;
  expect(cluster.missing).toBe(sentence);
});

it('asks for a namespace that it does not know only where an Eip may select it by its labels', () => {
  const { cluster, sources } = clusterStateOf([eipObject('web', '198.51.100.0/30')]);
  expect(cluster.lacksNamespace('shop')).toBe(false);
  sources.eips.put(eipObject('lab', '203.0.113.0/30', { namespaceSelector: { team: 'lab' } }));
  expect(cluster.lacksNamespace('shop')).toBe(true);
  cluster.learnNamespace({ metadata: { name: 'shop', labels: { team: 'lab' } } });
  expect(cluster.lacksNamespace('shop')).toBe(false);
  const claimRequest = {
    addressRequest: addressRequest(),
    holder: holder('front'),
    isSelf: () => false,
    shown: [],
    published: [],
    former: [],
    stored: [],
  };
  expect(cluster.chooseInputFor(claimRequest).namespaceLabels).toEqual({ team: 'lab' });
  // From here on the watch's word counts.
  const shop = { metadata: { name: 'shop', labels: { team: 'web' } } };
  sources.namespaces.put(shop);
  expect(cluster.chooseInputFor(claimRequest).namespaceLabels).toEqual({ team: 'web' });
  sources.namespaces.remove(shop);
  expect(cluster.chooseInputFor(claimRequest).namespaceLabels).toEqual({});
});

const leftAlone = {
  type: 'skycap.io/ByDefault',
  status: 'False',
  reason: 'ServedByAnother',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
} as const;

it.each<[string, Service, boolean]>([
  ['nothing is published', { metadata: {} }, false],
  ['a host name', { metadata: {}, status: { loadBalancer: { ingress: [{ hostname: 'lb.example.com' }] } } }, true],
  ['an address that no Eip has', { metadata: {}, status: { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } } }, true],
  ['one that an Eip has', { metadata: {}, status: { loadBalancer: { ingress: [{ ip: '198.51.100.1' }] } } }, false],
  [
    'a host name in place of what we gave',
    {
      metadata: { annotations: { 'skycap.io/addresses': '198.51.100.1' } },
      status: { loadBalancer: { ingress: [{ hostname: 'lb.example.com' }] } },
    },
    false,
  ],
  ['nothing any more, by one that was left alone', { metadata: {}, status: { conditions: [leftAlone] } }, true],
])('another load balancer serves a stored Service: %s', (_, old, expected) => {
  const { cluster } = clusterStateOf([eipObject('web', '198.51.100.0/30')]);
  expect(cluster.addressRequestContext(old).isServedByAnother).toBe(expected);
  expect(cluster.addressRequestContext().isServedByAnother).toBe(false);
});
