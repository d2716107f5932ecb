/** BgpPeer.status and BgpConf.status at a real API server: gathered from Speakers, written on change only. */
import type { BgpConfObject, BgpPeerObject } from '../../../lib/api/bgp/bgp-types.ts';
import type { SpeakerObject, SpeakerSession } from '../../../lib/api/skycap/speaker-types.ts';
import { BGP_CONFS, BGP_PEERS, EIPS, NODES, SPEAKERS } from '../../../lib/kube/resource.ts';
import { AllocatorLab, eventually, type Replica } from './harness.ts';

let lab: AllocatorLab;
let replica: Replica;

beforeAll(async () => {
  lab = await AllocatorLab.start();
  replica = await lab.replica();
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

const session: SpeakerSession = {
  peer: 'router',
  neighborAddress: '192.0.2.1',
  neighborAs: 64513,
  localAs: 64512,
  state: 'Established',
  since: '2026-01-01T00:00:00Z',
  neighborRouterId: '192.0.2.1',
  holdTimeSeconds: 90,
  keepaliveSeconds: 30,
  routesSent: 1,
  disabled: false,
};

async function report(node: string, status: SpeakerObject['status']): Promise<void> {
  const known = (await lab.admin.list(SPEAKERS)).items.some(({ metadata }) => metadata.name === node);
  if (!known)
    await lab.admin.create(SPEAKERS, { apiVersion: 'skycap.io/v1alpha1', kind: 'Speaker', metadata: { name: node } });
  await lab.admin.patch(SPEAKERS, { name: node }, { status }, { type: 'merge', subresource: 'status' });
}

async function peer(name = 'router'): Promise<BgpPeerObject> {
  return lab.admin.get(BGP_PEERS, { name });
}

function words(object: BgpPeerObject | BgpConfObject): string[] {
  return (object.status?.conditions ?? []).map(
    ({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`,
  );
}

test('a BgpPeer shows each session in the words of OpenELB, and the sum of them in a condition', async () => {
  await lab.admin.create(BGP_PEERS, {
    metadata: { name: 'router' },
    spec: { conf: { neighborAddress: '192.0.2.1', peerAs: 64513 } },
  });
  await eventually(async () =>
    expect(words(await peer())).toContainEqual(expect.stringMatching(/^Established False NoBgpConf/)),
  );
  await lab.admin.create(BGP_CONFS, { metadata: { name: 'default' }, spec: { as: 64512, policy: 'mine' } });
  await eventually(async () =>
    expect(words(await peer())).toContainEqual(expect.stringMatching(/^Established False NoSessions/)),
  );

  await report('node-1', { sessions: [session], routerId: '192.0.2.11', localAs: 64512 });
  await report('node-2', {
    sessions: [{ ...session, state: 'Active', lastError: 'Socket: Connection refused' }],
    routerId: '192.0.2.12',
    localAs: 64512,
  });
  await eventually(async () => {
    expect(words(await peer())).toEqual([
      'Accepted True Accepted: every field that is set is valid',
      'Established False SessionsDown: 1 of 2 nodes; node-2: Active, Socket: Connection refused',
    ]);
  });
  expect((await peer()).status?.nodesPeerStatus?.['node-1']).toEqual({
    peerState: {
      neighborAddress: '192.0.2.1',
      peerAs: 64513,
      localAs: 64512,
      peerType: 1,
      routerId: '192.0.2.1',
      sessionState: 'ESTABLISHED',
      adminState: 'UP',
    },
    timersState: { keepaliveInterval: '30', negotiatedHoldTime: '90', uptime: '2026-01-01T00:00:00Z' },
  });
  await eventually(async () => {
    const conf = await lab.admin.get(BGP_CONFS, { name: 'default' });
    expect(conf.status?.nodesConfStatus).toEqual({
      'node-1': { routerId: '192.0.2.11', as: 64512 },
      'node-2': { routerId: '192.0.2.12', as: 64512 },
    });
    expect(words(conf)).toEqual([
      'Accepted True Accepted: every field that is set is valid',
      'PolicyAccepted False PolicyNotFound: there is no ConfigMap skycap-system/mine; create it, or remove spec.policy from the BgpConf; routes are announced as before',
    ]);
  });
});

test('numbers of routes are gathered into one write, but the first route is told at once; a node that goes is taken out', async () => {
  await replica.idle();
  const before = await replica.writes();
  for (let routesSent = 1; routesSent <= 20; routesSent += 1) {
    await report('node-1', { sessions: [{ ...session, routesSent }] });
  }
  await replica.idle();
  expect(await replica.writes()).toEqual(before);
  await eventually(async () => expect((await peer()).status?.routesSent).toBe(20 + 1), 15_000);
  const patches = 'patch bgppeers 200';
  expect(await replica.writes()).toEqual({ ...before, [patches]: (before[patches] ?? 0) + 1 });
  // The loss of the last route, and the first one, do not wait for others.
  for (const routesSent of [0, 20]) {
    await report('node-1', { sessions: [{ ...session, routesSent }] });
    await eventually(async () => expect((await peer()).status?.routesSent).toBe(routesSent + 1), 5_000);
  }
  await lab.admin.delete(SPEAKERS, { name: 'node-2' });
  await eventually(async () => {
    expect(Object.keys((await peer()).status?.nodesPeerStatus ?? {})).toEqual(['node-1']);
    expect(words(await peer())).toContain('Established True SessionsEstablished: 1 of 1 nodes');
  });
});

test('a BgpConf of another name, and a BgpPeer that cannot be read, say so', async () => {
  await lab.admin.create(BGP_CONFS, { metadata: { name: 'mine' }, spec: { as: 64512 } });
  await eventually(async () => {
    expect(words(await lab.admin.get(BGP_CONFS, { name: 'mine' }))).toEqual([
      expect.stringMatching(/^Accepted False NotTheDefault/),
    ]);
  });
  await lab.admin.create(BGP_PEERS, {
    metadata: { name: 'local' },
    spec: { conf: { neighborAddress: 'fe80::1', peerAs: 64513 } },
  });
  await eventually(async () => {
    expect(words(await peer('local'))).toContainEqual(
      expect.stringMatching(/^Accepted False Invalid: spec\.conf\.neighborAddress: "fe80::1" is link-local/),
    );
  });
});

test('what a node said last counts no more once Kubernetes has lost it, and again when it is back', async () => {
  await lab.admin.create(BGP_PEERS, {
    metadata: { name: 'rack' },
    spec: { conf: { neighborAddress: '192.0.2.9', peerAs: 64513 } },
  });
  for (const name of ['node-8', 'node-9']) {
    await report(name, { sessions: [{ ...session, peer: 'rack' }], routerId: '192.0.2.18', localAs: 64512 });
  }
  const told = async () => words(await peer('rack')).find((text) => text.startsWith('Established'));
  await eventually(async () => expect(await told()).toBe('Established True SessionsEstablished: 2 of 2 nodes'));
  await lab.admin.create(NODES, { metadata: { name: 'node-9' } });
  const ready = async (status: string) => {
    const body = { status: { conditions: [{ type: 'Ready', status }] } };
    await lab.admin.patch(NODES, { name: 'node-9' }, body, { type: 'merge', subresource: 'status' });
  };
  await ready('Unknown');
  await eventually(async () =>
    expect(await told()).toBe(
      'Established False SessionsDown: 1 of 2 nodes; node-9: Idle, Kubernetes has lost the node',
    ),
  );
  const state = (await peer('rack')).status?.nodesPeerStatus?.['node-9']?.peerState?.sessionState;
  expect(state).toBe('IDLE');
  await ready('True');
  await eventually(async () => expect(await told()).toBe('Established True SessionsEstablished: 2 of 2 nodes'));
});

test('a BgpPeer for one node names the nodes that no router reaches, until it selects them', async () => {
  await lab.admin.create(EIPS, { metadata: { name: 'web' }, spec: { address: '198.51.100.0/24' } });
  for (const name of ['edge-1', 'edge-2', 'edge-3']) {
    await lab.admin.create(NODES, { metadata: { name, labels: { edge: name } } });
    const status = { addresses: [{ type: 'InternalIP', address: '192.0.2.11' }] };
    await lab.admin.patch(NODES, { name }, { status }, { type: 'merge', subresource: 'status' });
    await report(name, {});
  }
  for (const { metadata } of (await lab.admin.list(BGP_PEERS)).items) {
    await lab.admin.delete(BGP_PEERS, { name: metadata.name ?? '' });
  }
  const conf = { neighborAddress: '192.0.2.8', peerAs: 64513 };
  await lab.admin.create(BGP_PEERS, {
    metadata: { name: 'one' },
    spec: { conf, nodeSelector: { matchLabels: { edge: 'edge-1' } } },
  });
  const told = async () => words(await peer('one')).filter((text) => text.startsWith('NextHops'));
  await eventually(async () =>
    expect(await told()).toEqual([
      expect.stringMatching(
        /^NextHops False NodeNotSelected: .* nodes edge-2, edge-3, which may announce .* Eips web:/,
      ),
    ]),
  );
  const spec = { nodeSelector: { matchLabels: null, matchExpressions: [{ key: 'edge', operator: 'Exists' }] } };
  await lab.admin.patch(BGP_PEERS, { name: 'one' }, { spec }, { type: 'merge' });
  await eventually(async () => expect(await told()).toEqual([]));
});
