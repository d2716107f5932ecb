/** For each reason for which no node announces an address, `explain` names the reason and a remedy, and the remedy mends it. Reasons for no address: test/real/cli. */
import type { BgpConfObject, BgpPeerObject } from '../../../../lib/api/bgp/bgp-types.ts';
import { ALL_PROTOCOLS } from '../../../../lib/api/eip/protocols.ts';
import { ADDRESSES_ANNOTATION, EIP_LABEL } from '../../../../lib/api/keys.ts';
import type { Condition, KubeObject } from '../../../../lib/api/meta/object.ts';
import type { Service } from '../../../../lib/api/service/service.ts';
import type { EipClaim } from '../../../../lib/api/skycap/claim.ts';
import type { SpeakerObject } from '../../../../lib/api/skycap/speaker-types.ts';
import type { Explanation } from '../../../../lib/explain/explanation.ts';
import { explainService } from '../../../../lib/explain/service/explain-service.ts';
import { World, type WorldRead } from '../../../../lib/explain/world.ts';

type Speaker = NonNullable<SpeakerObject['status']>;

/** Differences from a cluster where all is well. */
interface Differs {
  readonly eip?: object;
  readonly service?: object;
  readonly node?: object;
  readonly nodeMeta?: object;
  readonly speaker?: Speaker | 'none';
  readonly conf?: 'none';
  readonly peer?: 'none';
  readonly endpoints?: readonly object[];
  readonly ingress?: readonly object[];
  readonly condition?: Partial<Condition>;
}

const SESSION = {
  peer: 'tor',
  neighborAddress: '192.0.2.1',
  neighborAs: 65001,
  localAs: 65000,
  routesSent: 1,
} as const;
const UP = { ...SESSION, state: 'Established', disabled: false } as const;
const DOWN = { ...SESSION, state: 'Active', disabled: false, lastError: 'Connection refused' } as const;
const READY = { addresses: ['10.1.1.1'], nodeName: 'n1', conditions: { ready: true } };
const LAYER2 = { protocol: 'layer2' };
const OWNED: Speaker = {
  layer2Addresses: [{ address: '203.0.113.7', interface: 'eth0' }],
  layer2Interfaces: [{ name: 'eth0', mac: '02:00:00:00:00:01' }],
};
const EXCLUDED = { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } };

function explained(differs: Differs): Explanation {
  const { condition, ingress = [{ ip: '203.0.113.7' }], speaker = { sessions: [UP] } } = differs;
  const assigned = { status: 'True', reason: 'Assigned', message: 'ok', lastTransitionTime: '', ...condition } as const;
  const service = {
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'u1',
      labels: { [EIP_LABEL]: 'web' },
      annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb', [ADDRESSES_ANNOTATION]: '203.0.113.7' },
    },
    spec: {
      type: 'LoadBalancer',
      ports: [{ port: 80 }],
      ipFamilies: ['IPv4'],
      clusterIPs: ['10.96.0.9'],
      ...differs.service,
    },
    status: { loadBalancer: { ingress }, conditions: [{ ...assigned, type: 'skycap.io/AddressAssigned' }] },
  } as Service;
  const holder = {
    namespace: 'shop',
    name: 'web',
    uid: 'u1',
    token: 't',
    ports: [],
    externalTrafficPolicy: 'Cluster',
    selector: '',
    since: '',
  } as const;
  const claim = {
    metadata: { name: '203.0.113.7' },
    spec: { address: '203.0.113.7', eip: 'web', holders: [holder] },
  } as unknown as EipClaim;
  const node = {
    metadata: { name: 'n1', ...differs.nodeMeta },
    status: { addresses: [{ type: 'InternalIP', address: '192.0.2.11' }], ...differs.node },
  };
  const list = <T extends KubeObject>(...items: T[]) => ({ items });
  const read = {
    services: list(service),
    endpointSlices: list({
      metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4' as const,
      endpoints: (differs.endpoints ?? [READY]) as never,
    }),
    namespaces: list({ metadata: { name: 'shop' } }),
    nodes: list(node),
    eips: list({ metadata: { name: 'web', uid: 'e1' }, spec: { address: '203.0.113.0/28', ...differs.eip } }),
    eipClaims: list(claim),
    bgpConfs: differs.conf
      ? list()
      : list<BgpConfObject>({ metadata: { name: 'default' }, spec: { as: 65000, routerId: '10.0.0.1' } }),
    bgpPeers: differs.peer
      ? list()
      : list<BgpPeerObject>({
          metadata: { name: 'tor' },
          spec: { conf: { peerAs: 65001, neighborAddress: '192.0.2.1' } },
        }),
    speakers:
      speaker === 'none'
        ? list()
        : list({ metadata: { name: 'n1', resourceVersion: '1' }, status: speaker } as SpeakerObject),
    serviceCidrs: list(),
    pods: list({ metadata: { name: 'speaker-n1' }, spec: { nodeName: 'n1' } }),
    calico: list(),
  } as unknown as WorldRead;
  const settings = { unmarkedServices: 'defaultEip', protocols: ALL_PROTOCOLS, namespace: 'skycap-system' } as const;
  return explainService(new World(read, settings), service);
}

test('where all is well, each step is', () => {
  for (const differs of [{}, { eip: LAYER2, speaker: OWNED }]) {
    const { state, steps } = explained(differs);
    expect([state, steps.filter((step) => step.state !== 'ok')]).toEqual(['ok', []]);
    expect(steps.length).toBeGreaterThan(5);
  }
  expect(JSON.stringify(explained({ eip: LAYER2, speaker: OWNED }).steps)).toContain('02:00:00:00:00:01');
});

const LOCAL = { externalTrafficPolicy: 'Local' };
const TROUBLES: readonly [reason: string, Differs][] = [
  ['NoSpeaker', { speaker: 'none' }],
  ['NotPublished', { ingress: [] }],
  ['NodeLeaving', { nodeMeta: { deletionTimestamp: '2026-01-01T00:00:00Z' } }],
  ['AllNodesExcluded', { nodeMeta: EXCLUDED }],
  ['NodeNotSelected', { eip: { nodeSelector: { matchLabels: { rack: '1' } } } }],
  ['NodeHasNoAddressOfFamily', { node: { addresses: [] } }],
  ['NoInterface', { eip: LAYER2, speaker: { layer2Unable: ['web'] } }],
  ['NoOwner', { eip: LAYER2, speaker: {} }],
  ['NoLocalEndpoints', { service: LOCAL, endpoints: [{ ...READY, nodeName: 'n2' }] }],
  ['NoEndpoints', { endpoints: [] }],
  ['NodeLost', { node: { conditions: [{ type: 'Ready', status: 'Unknown' }] }, eip: LAYER2, speaker: OWNED }],
  ['SpeakerStopping', { speaker: { sessions: [UP], stopping: true } }],
  ['NoBgpConf', { conf: 'none', speaker: {} }],
  ['NoSessions', { speaker: {} }],
  ['PeerDisabled', { speaker: { sessions: [{ ...DOWN, disabled: true }] } }],
  ['SessionsDown', { speaker: { sessions: [DOWN] } }],
  ['NodeProxyUnsupported', { condition: { status: 'False', reason: 'NodeProxyUnsupported' }, ingress: [] }],
  ['WriteRefused', { condition: { status: 'False', reason: 'WriteRefused' }, ingress: [] }],
];

test.each(TROUBLES)('%s is named, with a remedy', (reason, differs) => {
  const { state, steps } = explained(differs);
  const step = steps.find((one) => one.reason === reason && one.state === 'failed');
  expect([state, step?.reason, (step?.remedy ?? '').length > 0]).toEqual(['failed', reason, true]);
});

test('an address that is kept against the request is a warning with the remedy', () => {
  const { state, steps } = explained({ condition: { reason: 'KeepsFormerAddress', message: 'keeps 203.0.113.7' } });
  const step = steps.find((one) => one.reason === 'KeepsFormerAddress');
  expect([state, step?.state, step?.remedy]).toEqual([
    'warning',
    'warning',
    expect.stringContaining('undo the request'),
  ]);
});
