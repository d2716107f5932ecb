import { bgpConfStatus } from '../../../allocator/status/bgp-conf-status.ts';
import { type BgpPeerFacts, bgpPeerStatus, MOST_NODES } from '../../../allocator/status/bgp-peer-status.ts';
import { mergeDiff } from '../../../allocator/status/merge-diff.ts';
import type { BgpConfObject, BgpPeerObject } from '../../../lib/api/bgp/bgp-types.ts';
import { parseBgpConf } from '../../../lib/api/bgp/parse-bgp-conf.ts';
import { parseBgpPeer } from '../../../lib/api/bgp/parse-bgp-peer.ts';
import { portInUseText } from '../../../lib/api/bgp/port-in-use.ts';
import { ALL_PROTOCOLS, parseProtocols } from '../../../lib/api/eip/protocols.ts';
import { type FoundPolicy, findPolicy } from '../../../lib/api/policy/find-policy.ts';
import type { SpeakerObject, SpeakerSession } from '../../../lib/api/skycap/speaker-types.ts';
import { aPolicyMap } from '../../support/speaker-builders.ts';
import { NOW_MS } from './builders.ts';

const session: SpeakerSession = {
  peer: 'router',
  neighborAddress: '192.0.2.1',
  neighborAs: 64513,
  localAs: 64512,
  state: 'Established',
  since: '2026-01-01T00:00:00Z',
  neighborRouterId: '192.0.2.254',
  holdTimeSeconds: 90,
  keepaliveSeconds: 30,
  routesSent: 3,
  disabled: false,
};
const down: SpeakerSession = { ...session, state: 'Active', lastError: 'Socket: Connection refused' };
const speaker = (name: string, ...sessions: SpeakerSession[]): SpeakerObject => ({
  apiVersion: 'skycap.io/v1alpha1',
  kind: 'Speaker',
  metadata: { name },
  status: { sessions, routerId: '192.0.2.11', localAs: 64512 },
});
const router: BgpPeerObject = {
  metadata: { name: 'router', generation: 1 },
  spec: { conf: { neighborAddress: '192.0.2.1', peerAs: 64513 } },
};
const peerFacts = (
  object: BgpPeerObject,
  speakers: readonly SpeakerObject[],
  differs: Partial<BgpPeerFacts> = {},
): BgpPeerFacts => ({
  object,
  parsed: parseBgpPeer(object),
  speakers,
  hasBgpConf: true,
  protocols: ALL_PROTOCOLS,
  nowMs: NOW_MS,
  ...differs,
});
const established = (facts: BgpPeerFacts): string | undefined => {
  const condition = bgpPeerStatus(facts).conditions?.find(({ type }) => type === 'Established');
  return condition && `${condition.status} ${condition.reason}: ${condition.message}`;
};

test('a node’s session in the words of OpenELB', () => {
  expect(
    bgpPeerStatus(
      peerFacts(router, [speaker('node-1', session), speaker('node-2', { ...down, localAs: 64513, disabled: true })]),
    ).nodesPeerStatus,
  ).toEqual({
    'node-1': {
      peerState: {
        neighborAddress: '192.0.2.1',
        peerAs: 64513,
        localAs: 64512,
        peerType: 1,
        routerId: '192.0.2.254',
        sessionState: 'ESTABLISHED',
        adminState: 'UP',
      },
      timersState: { keepaliveInterval: '30', negotiatedHoldTime: '90', uptime: '2026-01-01T00:00:00Z' },
    },
    'node-2': {
      peerState: {
        neighborAddress: '192.0.2.1',
        peerAs: 64513,
        localAs: 64513,
        peerType: 0,
        routerId: '192.0.2.254',
        sessionState: 'ACTIVE',
        adminState: 'DOWN',
      },
      timersState: { keepaliveInterval: '30', negotiatedHoldTime: '90', downtime: '2026-01-01T00:00:00Z' },
    },
  });
});

test.each<[string, BgpPeerFacts, string | RegExp]>([
  [
    'all are up',
    peerFacts(router, [speaker('a', session), speaker('b', session)]),
    'True SessionsEstablished: 2 of 2 nodes',
  ],
  [
    'one is down',
    peerFacts(router, [speaker('a', session), speaker('b', down)]),
    'False SessionsDown: 1 of 2 nodes; b: Active, Socket: Connection refused',
  ],
  [
    'the port of BGP is taken where it is down',
    peerFacts(router, [speaker('a', session), speaker('b', { ...down, lastError: portInUseText(179, ' by x') })]),
    /^False PortInUse: 1 of 2 nodes; b: Active, port 179 of the node is taken by x; stop it/,
  ],
  [
    'many are down',
    peerFacts(
      router,
      ['a', 'b', 'c', 'd', 'e'].map((name) => speaker(name, { ...down, state: 'Connect' })),
    ),
    /^False SessionsDown: 0 of 5 nodes; a, b, c, and 2 more: Connect, Socket: Connection refused$/,
  ],
  ['it is not selected anywhere', peerFacts(router, [speaker('a')]), /^False NoSessions: /],
  [
    'BGP is off',
    peerFacts(router, [speaker('a', session)], { protocols: parseProtocols('layer2') }),
    /^False ProtocolOff: bgp is off in /,
  ],
  ['there is no BgpConf', peerFacts(router, [], { hasBgpConf: false }), /^False NoBgpConf: /],
  [
    'it is kept down',
    peerFacts({ ...router, spec: { conf: { ...router.spec?.conf, adminDown: true } } }, [speaker('a', down)]),
    /^False PeerDisabled: /,
  ],
  [
    'a CNI has it',
    peerFacts({ ...router, metadata: { ...router.metadata, labels: { 'openelb.kubesphere.io/cni': 'calico' } } }, []),
    /^False AnnouncedByCni: /,
  ],
  [
    'it can’t be read',
    peerFacts({ ...router, spec: {} }, []),
    /^False Invalid: spec\.conf\.neighborAddress: is missing/,
  ],
])('the sum of the sessions where %s', (_, facts, expected) => {
  if (typeof expected === 'string') expect(established(facts)).toBe(expected);
  else expect(established(facts)).toMatch(expected);
});

test('the passing of time changes nothing; another number of routes changes the sum alone', () => {
  const before = bgpPeerStatus(peerFacts(router, [speaker('a', session), speaker('b', session)]));
  const later = (routesSent: number) => {
    const speakers = [speaker('a', { ...session, routesSent }), speaker('b', session)];
    return bgpPeerStatus(peerFacts({ ...router, status: before }, speakers, { nowMs: NOW_MS + 60_000 }));
  };
  expect(mergeDiff(before, later(3))).toBeUndefined();
  expect(mergeDiff(before, later(99))).toEqual({ routesSent: 102 });
});

test('a node that is gone is taken out', () => {
  const before = bgpPeerStatus(peerFacts(router, [speaker('a', session), speaker('b', session)]));
  const after = bgpPeerStatus(peerFacts({ ...router, status: before }, [speaker('a', session)]));
  expect(mergeDiff(before, after)).toMatchObject({ nodesPeerStatus: { b: null } });
});

test('so many nodes are listed as fit into an object; the condition counts all', () => {
  const many = Array.from({ length: MOST_NODES + 2 }, (_, i) => speaker(`node-${i}`, session));
  const facts = peerFacts(router, many);
  expect(Object.keys(bgpPeerStatus(facts).nodesPeerStatus ?? {})).toHaveLength(MOST_NODES);
  expect(established(facts)).toBe(
    `True SessionsEstablished: 1002 of 1002 nodes; status.nodesPeerStatus lists the first ${MOST_NODES} by name`,
  );
});

test('why a node has no session is said, once for all that say the same', () => {
  const refusing = (node: string, message: string): SpeakerObject => ({
    ...speaker(node),
    status: { refusedPeers: [{ peer: 'router', reason: 'Overlaps', message }] },
  });
  const taken = '192.0.2.1 port 179 is the router of BgpPeer old already; delete one';
  const all = ['a', 'b', 'c', 'd'].map((node) => refusing(node, taken));
  expect(established(peerFacts(router, all))).toBe(`False Overlaps: a, b, c, and 1 more: no session, ${taken}`);
  const own = '192.0.2.11 is an address of node b itself';
  expect(established(peerFacts(router, [speaker('a', session), refusing('b', own)]))).toBe(
    `True SessionsEstablished: 1 of 1 nodes; b: no session, ${own}`,
  );
});

test('a password that is not found is a condition of its own; the sessions stand', () => {
  const message = 'there is no Secret s';
  const withoutSecret = (name: string, ...sessions: SpeakerSession[]): SpeakerObject => ({
    ...speaker(name, ...sessions),
    status: { sessions, refusedPeers: [{ peer: 'router', reason: 'PasswordNotFound', message }] },
  });
  const all = [withoutSecret('a', session), withoutSecret('b', session), withoutSecret('c')];
  const words = bgpPeerStatus(peerFacts(router, all)).conditions?.map(({ type, status, reason, message: text }) => [
    type,
    status,
    reason,
    text,
  ]);
  expect(words).toContainEqual(['Password', 'False', 'PasswordNotFound', 'a, b, c: there is no Secret s']);
  expect(established(peerFacts(router, all))).toBe(`True SessionsEstablished: 2 of 2 nodes; c: no session, ${message}`);
});

test('a router that takes one path where a path by each node is meant is a condition of its own', () => {
  const { conditions } = bgpPeerStatus(peerFacts(router, [speaker('node-1', { ...session, sendsOnePath: true })]));
  expect(conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual([
    'Accepted True Accepted',
    'Established True SessionsEstablished',
    'NextHops False NoAddPath',
  ]);
});

test('fields without effect are named', () => {
  const object: BgpPeerObject = { ...router, spec: { ...router.spec, transport: { tcpMss: 1400 } } };
  expect(bgpPeerStatus(peerFacts(object, [])).conditions).toContainEqual(
    expect.objectContaining({
      type: 'Supported',
      reason: 'Unsupported',
      message: expect.stringContaining('spec.transport.tcpMss: has no effect: BIRD can not set it'),
    }),
  );
});

describe('a BgpConf', () => {
  const conf: BgpConfObject = { metadata: { name: 'default' }, spec: { as: 64512 } };
  const status = (object: BgpConfObject, policy?: FoundPolicy) =>
    bgpConfStatus({
      object,
      parsed: parseBgpConf(object),
      policy,
      speakers: [speaker('a'), { ...speaker('b'), status: {} }],
      nowMs: NOW_MS,
    });
  const words = (object: BgpConfObject): string[] =>
    (status(object).conditions ?? []).map(({ type, status: is, reason }) => `${type} ${is} ${reason}`);

  test('says in its own condition what is wrong with the policy, and what has no effect', () => {
    const withPolicy = (text: string | undefined) => {
      const object = { ...conf, spec: { as: 64512, policy: 'bgp-policy' } };
      const policy = findPolicy('skycap-system/bgp-policy', text === undefined ? undefined : aPolicyMap(text));
      return status(object, policy).conditions?.find(({ type }) => type === 'PolicyAccepted');
    };
    expect(status(conf).conditions?.map(({ type }) => type)).not.toContain('PolicyAccepted');
    expect(withPolicy('[global.config]\nas = 5\n')).toMatchObject({
      status: 'True',
      reason: 'Accepted',
      message: 'the policy is in force; gobgp.conf line 1: global.config has no effect; the BgpConf says it',
    });
    expect(withPolicy('a = 1')).toMatchObject({
      status: 'False',
      reason: 'PolicyInvalid',
      message:
        'ConfigMap skycap-system/bgp-policy: gobgp.conf line 1: a: "1" is not supported; remove it; routes are announced as before',
    });
    expect(withPolicy(undefined)).toMatchObject({ status: 'False', reason: 'PolicyNotFound' });
  });

  test('shows what each node uses', () => {
    expect(status(conf).nodesConfStatus).toEqual({ a: { routerId: '192.0.2.11', as: 64512 } });
    expect(words(conf)).toEqual(['Accepted True Accepted']);
  });

  test.each<[string, BgpConfObject, string[]]>([
    ['of another name', { ...conf, metadata: { name: 'mine' } }, ['Accepted False NotTheDefault']],
    ['without an AS number', { ...conf, spec: {} }, ['Accepted False Invalid']],
    [
      'with fields without effect',
      { ...conf, spec: { as: 64512, gracefulRestart: { notificationEnabled: true } } },
      ['Accepted True Accepted', 'Supported False Unsupported'],
    ],
    [
      'that only dials',
      { ...conf, spec: { as: 64512, listenPort: -1 } },
      ['Accepted True Accepted', 'Supported False Unsupported'],
    ],
    [
      'of a CNI',
      { ...conf, metadata: { name: 'default', labels: { 'openelb.kubesphere.io/cni': 'calico' } } },
      ['Accepted True Accepted', 'InUse False AnnouncedByCni'],
    ],
  ])('%s says so', (_, object, expected) => {
    expect(words(object)).toEqual(expected);
  });

  test('of another name has no nodes', () => {
    expect(status({ ...conf, metadata: { name: 'mine' } }).nodesConfStatus).toEqual({});
  });
});

test('BFD with the router has no effect where BFD is off', () => {
  const object = { ...router, spec: { ...router.spec, bfd: { enabled: true } } };
  const supported = (protocols: string) =>
    bgpPeerStatus(peerFacts(object, [], { protocols: parseProtocols(protocols) })).conditions?.find(
      ({ type }) => type === 'Supported',
    );
  expect(supported('bgp')).toMatchObject({
    status: 'False',
    reason: 'Unsupported',
    message: expect.stringMatching(/^spec\.bfd: bfd is off in this installation; add it to SKYCAP_PROTOCOLS/),
  });
  expect(supported('bgp,bfd')).toBeUndefined();
});
