/** The plan: sessions, AS numbers, router ids, and what is done about objects that are missing or broken. */
import type { BgpPeerObject } from '../../../../lib/api/bgp/bgp-types.ts';
import type { SecretState } from '../../../../lib/api/bgp/peer/secret-password.ts';
import { parseProtocols } from '../../../../lib/api/eip/protocols.ts';
import { makePlan, type Planned } from '../../../../lib/bgp/plan.ts';
import type { BgpSession } from '../../../../lib/bgp/sessions.ts';
import { formatAddress } from '../../../../lib/net/address.ts';
import {
  aBgpConf,
  aBgpPeer,
  aNode,
  anEip,
  aService,
  aSnapshot,
  type ClusterOptions,
} from '../../../support/speaker-builders.ts';

function plan(options: ClusterOptions = {}): Extract<Planned, { kind: 'plan' }> {
  const planned = makePlan(aSnapshot(options));
  if (planned.kind !== 'plan') throw new Error(`Cannot go on: the plan is on hold, ${planned.message}`);
  return planned;
}

function sessionWith(spec: BgpPeerObject['spec'], options: ClusterOptions = {}): BgpSession {
  const [session] = plan({ ...options, bgpPeers: [aBgpPeer('router-1', spec)] }).plan.bgp.sessions;
  if (!session) throw new Error('Cannot go on: there is no session');
  return session;
}

const channelsOf = ({ channels }: BgpSession) =>
  channels.map(({ family, nextHop }) => `${family} ${nextHop === 'self' ? 'self' : formatAddress(nextHop)}`);

const found = (password: string): SecretState => ({ kind: 'found', data: { password } });

const rack = (name: string) => ({
  nodes: [aNode({ metadata: { name: 'node-1', labels: { 'openelb.kubesphere.io/rack': name } } })],
});

describe('sessions', () => {
  it.each<[string, BgpPeerObject['spec'], ClusterOptions, string[]]>([
    ['an IPv4 router gets both families', {}, {}, ['4 self', '6 fd00::11']],
    ['an IPv6 router gets both families', { conf: { neighborAddress: 'fd00::1' } }, {}, ['4 192.0.2.11', '6 self']],
    [
      "the node's own daemon gets the next hop by which other machines reach the node",
      { conf: { neighborAddress: '127.0.0.1' }, ebgpMultihop: { enabled: true } },
      { bgpConfs: [aBgpConf({ listenPort: -1 })] },
      ['4 192.0.2.11', '6 fd00::11'],
    ],
    ['only a family that the node has', {}, { nodes: [aNode({ ips: ['192.0.2.11'] })] }, ['4 self']],
    ['only the families asked for', { afiSafis: [{ config: { family: { afi: 'AFI_IP6' } } }] }, {}, ['6 fd00::11']],
  ])('%s', (_, spec, options, channels) => {
    expect(channelsOf(sessionWith(spec, options))).toEqual(channels);
  });

  it.each<[string, BgpPeerObject['spec'], BgpSession['reach']]>([
    ['a router of another AS is on a network of the node', {}, 'direct'],
    ['or several hops away', { ebgpMultihop: { enabled: true, multihopTtl: 2 } }, { ttl: 2 }],
    ['a router of the same AS may be anywhere', { conf: { peerAs: 64512 } }, { ttl: 64 }],
    ['which counts by the AS number of the session', { conf: { peerAs: 65000, localAs: 65000 } }, { ttl: 64 }],
  ])('%s', (_, spec, reach) => {
    expect(sessionWith(spec).reach).toEqual(reach);
  });

  it.each<[string, BgpPeerObject, string, RegExp]>([
    [
      'is broken',
      aBgpPeer('bad', { conf: { peerAs: -1 } }),
      'Invalid',
      /^spec\.conf\.peerAs: "-1" is not a whole number/,
    ],
    [
      'does not select the node',
      aBgpPeer('bad', { nodeSelector: { matchLabels: { rack: 'b' } } }),
      'NodeNotSelected',
      /does not select node node-1/,
    ],
    [
      "is a CNI's",
      aBgpPeer('bad', {}, { labels: { 'openelb.kubesphere.io/cni': '' } }),
      'AnnouncedByCni',
      /a CNI speaks/,
    ],
    [
      'has the router of an older one',
      aBgpPeer('bad', {}, { creationTimestamp: '2026-02-01T00:00:00Z' }),
      'Overlaps',
      /^192\.0\.2\.1 port 179 is the router of BgpPeer router-1/,
    ],
    [
      'has the address of the node',
      aBgpPeer('bad', { conf: { neighborAddress: '192.0.2.11' } }),
      'OwnAddress',
      /^192\.0\.2\.11 is an address of node node-1 itself; write the router's/,
    ],
    [
      'has a loopback address',
      aBgpPeer('bad', { conf: { neighborAddress: '127.0.0.1' } }),
      'OwnAddress',
      /^127\.0\.0\.1 is each node itself; write the router's/,
    ],
    [
      'has a loopback address, and the port that is listened on',
      aBgpPeer('bad', { conf: { neighborAddress: '::1' }, ebgpMultihop: { enabled: true, multihopTtl: 2 } }),
      'OwnAddress',
      /^::1 is each node itself/,
    ],
    [
      'has a family that the node has not',
      aBgpPeer('bad', {
        conf: { neighborAddress: '192.0.2.2' },
        afiSafis: [{ config: { family: { afi: 'AFI_IP6' } } }],
      }),
      'NodeHasNoAddressOfFamily',
      /has no InternalIP/,
    ],
  ])('a peer that %s disturbs no other', (_, bad, reason, message) => {
    const { plan: made, refusedPeers } = plan({ nodes: [aNode({ ips: ['192.0.2.11'] })], bgpPeers: [bad, aBgpPeer()] });
    expect(made.bgp.sessions.map(({ peer }) => peer)).toEqual(['router-1']);
    expect(refusedPeers).toEqual([{ peer: 'bad', reason, message: expect.stringMatching(message) }]);
  });

  it('two peers with one address and different ports both have their session', () => {
    const bgpPeers = [aBgpPeer('a'), aBgpPeer('b', { transport: { remotePort: 1790 } })];
    expect(plan({ bgpPeers }).plan.bgp.sessions).toHaveLength(2);
  });

  it.each<[string, SecretState, { readonly password?: string } | undefined, string[], RegExp | undefined]>([
    ['is there', found('aHVzaA=='), undefined, ['hush'], undefined],
    ['ends with a newline', found('aHVzaAo='), { password: 'old' }, ['hush'], undefined],
    [
      'is missing, for a new session',
      { kind: 'missing' },
      undefined,
      [],
      /^there is no Secret s in Skycap's namespace; create it/,
    ],
    [
      'is missing',
      { kind: 'missing' },
      { password: 'old' },
      ['old'],
      /^there is no Secret s .*; the session keeps what it has$/,
    ],
    ['is missing, and the session has no password', { kind: 'missing' }, {}, ['none'], /keeps what it has$/],
    [
      'has no such key',
      { kind: 'found', data: {} },
      { password: 'old' },
      ['old'],
      /^the Secret s has no key password; add it/,
    ],
    ['is empty', found(''), undefined, [], /^the key password of the Secret s is empty; write the password/],
    ['has a quote', found('ImEi'), undefined, [], /^the key password of the Secret s has a double quote .*not shown/],
    [
      'may not be read',
      { kind: 'forbidden' },
      { password: 'old' },
      ['old'],
      /^the speakers may not read the Secret s; add its name to the Role/,
    ],
    ['has not been read yet', { kind: 'unread' }, { password: 'old' }, ['old'], /^the Secret s has not been read yet/],
  ])('a password in a Secret that %s', (_, secret, before, passwords, message) => {
    const bgpPeers = [aBgpPeer('a', { conf: { authPasswordSecretRef: { name: 's' } } })];
    const planned = plan({ bgpPeers, passwords: { secrets: new Map([['s', secret]]), inUse: () => before } });
    expect(planned.plan.bgp.sessions.map(({ password }) => password ?? 'none')).toEqual(passwords);
    const refused = planned.refusedPeers.map((one) => [one.peer, one.reason, one.message]);
    expect(refused).toEqual(message ? [['a', 'PasswordNotFound', expect.stringMatching(message)]] : []);
  });

  it('a password is in the plan and in nothing that is said about it', () => {
    const planned = plan({
      bgpPeers: [
        aBgpPeer('a', { conf: { authPassword: 'hush', peerAs: -1 } }),
        aBgpPeer('b', { conf: { authPassword: 'hush' } }),
      ],
    });
    expect(planned.plan.bgp.sessions[0]?.password).toBe('hush');
    expect(JSON.stringify(planned.refusedPeers)).not.toContain('hush');
  });
});

describe("the node's AS number and router id", () => {
  it.each<[string, ClusterOptions, object]>([
    ['are those of the BgpConf and the node', {}, { localAs: 64512, routerId: '192.0.2.11' }],
    [
      'a router id that is written counts for all nodes',
      { bgpConfs: [aBgpConf({ routerId: '10.0.0.1' })] },
      { routerId: '10.0.0.1' },
    ],
    [
      "a rack has its own AS number, and no router id but the node's",
      { bgpConfs: [aBgpConf({ asPerRack: { a: 65001 }, routerId: '10.0.0.1' })], ...rack('a') },
      { localAs: 65001, routerId: '192.0.2.11' },
    ],
    ['a port is passed on', { bgpConfs: [aBgpConf({ listenPort: 17900 })] }, { listenPort: 17900 }],
  ])('%s', (_, options, expected) => {
    expect(plan(options).plan.bgp).toMatchObject(expected);
  });

  it('a node without an IPv4 address has a router id that stays and that no other has', () => {
    const routerId = (name: string) =>
      plan({ nodeName: name, nodes: [aNode({ name, ips: ['fd00::11'] })] }).plan.bgp.routerId;
    expect(routerId('node-1')).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(routerId('node-1')).toBe(routerId('node-1'));
    expect(new Set(Array.from({ length: 200 }, (_, i) => routerId(`node-${i}`))).size).toBe(200);
  });
});

describe('without BGP', () => {
  it('BGP is off in this installation', () => {
    const planned = makePlan(aSnapshot({ services: [aService()] }), undefined, parseProtocols('layer2'));
    expect(planned).toMatchObject({
      kind: 'plan',
      noBgp: { reason: 'ProtocolOff', message: expect.stringMatching(/^bgp is off in this installation; add it to /) },
      plan: { bgp: { sessions: [], routes: [] } },
    });
  });

  it('BFD is off in this installation', () => {
    const snapshot = aSnapshot({ bgpPeers: [aBgpPeer('router', { bfd: { enabled: true } })] });
    const address = { family: 4, value: 1n } as const;
    const bfdNeighbors = [{ name: 'n2', address, local: address, isDirect: true }];
    const watched = (protocols: string) => {
      const planned = makePlan({ ...snapshot, bfdNeighbors }, undefined, parseProtocols(protocols));
      return planned.kind === 'plan' && [planned.plan.bfd.length, planned.plan.bgp.sessions.map(({ bfd }) => !!bfd)];
    };
    expect(watched('bgp,layer2,bfd')).toEqual([1, [true]]);
    expect(watched('bgp,layer2')).toEqual([0, [false]]);
    expect(watched('layer2')).toEqual([0, []]);
  });

  it.each<[string, ClusterOptions, string]>([
    ['there is no BgpConf', { bgpConfs: [] }, 'NoBgpConf'],
    ['there is one of another name', { bgpConfs: [{ metadata: { name: 'other' }, spec: { as: 1 } }] }, 'NoBgpConf'],
    ['a CNI speaks BGP', { bgpConfs: [aBgpConf({}, { 'openelb.kubesphere.io/cni': '' })] }, 'AnnouncedByCni'],
    [
      'the node is in no rack that has an AS number',
      { bgpConfs: [{ metadata: { name: 'default' }, spec: { asPerRack: { a: 1 } } }], ...rack('b') },
      'NodeNotSelected',
    ],
    ['the Node is gone', { nodes: [] }, 'NodeLeaving'],
  ])('%s', (_, options, reason) => {
    const planned = plan({ services: [aService()], ...options });
    expect(planned.noBgp?.reason).toBe(reason);
    expect(planned.plan.bgp).toMatchObject({ sessions: [], routes: [] });
  });

  it('a BgpConf that can not be read leaves BIRD alone', () => {
    expect(makePlan(aSnapshot({ bgpConfs: [aBgpConf({ as: -1 })] }))).toEqual({
      kind: 'hold',
      reason: 'Invalid',
      message: expect.stringMatching(/^BgpConf default: spec\.as: "-1" is not a whole number/),
    });
  });
});

it('a node that takes no traffic keeps its sessions and has no routes', () => {
  const labels = { 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' };
  const { bgp } = plan({ nodes: [aNode({ metadata: { name: 'node-1', labels } })], services: [aService()] }).plan;
  expect(bgp.sessions).toHaveLength(1);
  expect(bgp.routes).toMatchObject([{ name: 'plain', blocks: [] }]);
});

it('an address of layer 2 has no route', () => {
  const { bgp } = plan({ services: [aService()], eips: [anEip('v4', { protocol: 'layer2' })] }).plan;
  expect(bgp.routes).toMatchObject([{ name: 'plain', blocks: [] }]);
});
