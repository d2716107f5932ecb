/**
 * The condition `skycap.io/Announced` at a real API server: with the address in one request where that can be, in step with speakers, nodes and endpoints
 * afterwards, and without a request where a Service has nothing new to say.
 */
import { EIP_LABEL } from '../../../lib/api/keys.ts';
import type { Condition } from '../../../lib/api/meta/object.ts';
import type { Endpoint } from '../../../lib/api/service/service.ts';
import type { SpeakerSession } from '../../../lib/api/skycap/speaker-types.ts';
import { CRDS } from '../../../lib/kube/crd.ts';
import { LEADER_TIMING } from '../../../lib/kube/election/leader-step.ts';
import { EVENTS } from '../../../lib/kube/events/event.ts';
import {
  BGP_CONFS,
  BGP_PEERS,
  CALICO_BGP_CONFIGURATIONS,
  EIPS,
  ENDPOINT_SLICES,
  NODES,
  PODS,
  SPEAKERS,
} from '../../../lib/kube/resource.ts';
import { AllocatorLab, eventually, type Replica } from './harness.ts';

let lab: AllocatorLab;
let replica: Replica;

beforeAll(async () => {
  lab = await AllocatorLab.start();
  // What settles in five seconds begins anew with each term: a busy machine that keeps a Lease from being renewed for three is not what is tested here.
  replica = await lab.replica('allocator-0', LEADER_TIMING);
  await lab.admin.create(BGP_CONFS, { metadata: { name: 'default' }, spec: { as: 64512 } });
  await lab.admin.create(BGP_PEERS, {
    metadata: { name: 'router' },
    spec: { conf: { neighborAddress: '192.0.2.1', peerAs: 64513 } },
  });
  for (const name of ['node-1', 'node-2']) {
    await lab.admin.create(NODES, { metadata: { name } });
    const addresses = [{ type: 'InternalIP', address: `192.0.2.1${name.at(-1)}` }];
    await patchNode(name, { status: { addresses } }, 'status');
    await report(name, { sessions: [session('Established')] });
  }
  await lab.pool('routed', '198.51.100.0/25', { protocol: 'bgp' });
  await lab.pool('second', '198.51.100.128/25', { protocol: 'bgp', whenNoEndpoints: 'Withdraw' });
  await lab.pool('wired', '203.0.113.0/24', { protocol: 'layer2', interface: 'eth0' });
  await eventually(async () => expect(await eipWords('second')).toMatch(/from 2 nodes/));
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

function session(state: SpeakerSession['state']): SpeakerSession {
  const ends = { neighborAddress: '192.0.2.1', neighborAs: 64513, localAs: 64512 };
  return { peer: 'router', ...ends, state, routesSent: 1, disabled: false };
}

async function report(node: string, status: object): Promise<void> {
  const known = (await lab.admin.list(SPEAKERS)).items.some(({ metadata }) => metadata.name === node);
  if (!known)
    await lab.admin.create(SPEAKERS, { apiVersion: 'skycap.io/v1alpha1', kind: 'Speaker', metadata: { name: node } });
  await lab.admin.patch(SPEAKERS, { name: node }, { status }, { type: 'merge', subresource: 'status' });
}

async function patchNode(name: string, body: object, subresource?: 'status'): Promise<void> {
  await lab.admin.patch(NODES, { name }, body, { type: 'merge', ...(subresource && { subresource }) });
}

/** Of the speaker. */
async function startPod(name: string, nodeName: string): Promise<void> {
  const labels = { 'app.kubernetes.io/name': 'skycap', 'app.kubernetes.io/component': 'speaker' };
  const spec = { nodeName, containers: [{ name: 'speaker', image: 'none' }] };
  await lab.admin.create(PODS, { metadata: { name, namespace: 'skycap-system', labels }, spec });
}

/** As the controller of EndpointSlices does: with the labels of the Service. */
async function endpoints(service: string, on: readonly Endpoint[]): Promise<void> {
  const [namespace = '', name = ''] = service.split('/');
  const { metadata } = await eventually(async () => {
    const stored = await lab.service(service);
    expect(stored.metadata.labels).toHaveProperty([EIP_LABEL]);
    return stored;
  });
  const body = {
    metadata: { name, namespace, labels: { ...metadata.labels, 'kubernetes.io/service-name': name } },
    addressType: 'IPv4' as const,
    endpoints: on,
  };
  const managed = { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' };
  const whole = { ...body, metadata: { ...body.metadata, labels: { ...body.metadata.labels, ...managed } } };
  const present = (await lab.admin.list(ENDPOINT_SLICES, { namespace })).items.some(
    (one) => one.metadata.name === name,
  );
  if (present) await lab.admin.patch(ENDPOINT_SLICES, { namespace, name }, whole, { type: 'merge' });
  else await lab.admin.create(ENDPOINT_SLICES, whole);
}
const ready = (nodeName?: string): Endpoint => ({
  addresses: ['10.244.0.7'],
  ...(nodeName && { nodeName }),
  conditions: { ready: true },
});

const said = (conditions: readonly Condition[] | undefined, type: string): string | undefined => {
  const condition = conditions?.find((one) => one.type === type);
  return condition && `${condition.status} ${condition.reason}: ${condition.message}`;
};
const words = async (key: string) => said((await lab.service(key)).status?.conditions, 'skycap.io/Announced');
const eipWords = async (name: string) => said((await lab.admin.get(EIPS, { name })).status?.conditions, 'Announced');
const becomes = (key: string, expected: RegExp) => eventually(async () => expect(await words(key)).toMatch(expected));
const patches = async (): Promise<number> => (await replica.writes())['patch services 200'] ?? 0;

async function events(key: string): Promise<string[]> {
  const [namespace = '', name = ''] = key.split('/');
  const { items } = await lab.admin.list(EVENTS, { namespace });
  return items
    .filter((one) => one.regarding.name === name && one.action === 'Announce')
    .map(({ type, reason, note }) => `${type} ${reason}: ${note}`)
    .sort();
}

test('with BGP it comes with the address, in the same request, and goes with it', async () => {
  await replica.idle();
  const before = await patches();
  await lab.create('routed/web');
  await lab.published('routed/web', '198.51.100.0');
  await replica.idle();
  expect(await words('routed/web')).toBe('True Announced: 198.51.100.0 by bgp, see Eip routed');
  expect(await eipWords('routed')).toBe('True Announced: by bgp from 2 nodes (node-1, node-2) to 1 BgpPeer (router)');
  expect((await patches()) - before).toBe(1);
  await lab.patch('routed/web', { metadata: { annotations: { 'lb.kubesphere.io/v1alpha1': null } } });
  await eventually(async () => expect(await words('routed/web')).toBeUndefined());
  // Its address is free for the next Service.
  await eventually(async () => expect(await lab.claims('routed')).toEqual({}));
});

test('a session more or less is told by every Eip, and by no Service; that nobody announces any more is, and that somebody does again', async () => {
  await lab.create('routed/first');
  await lab.create('second/other');
  await endpoints('second/other', [ready('node-1')]);
  const both = async () => [await words('routed/first'), await words('second/other')].join();
  await eventually(async () => expect(await both()).toMatch(/^True.*True/));
  await replica.idle();
  const before = await patches();
  await report('node-2', { sessions: [session('Active')] });
  for (const eip of ['routed', 'second']) {
    await eventually(async () => expect(await eipWords(eip)).toMatch(/^True Announced: by bgp from 1 node \(node-1\)/));
  }
  await replica.idle();
  expect(await patches()).toBe(before);
  await report('node-1', { sessions: [session('Active')] });
  await eventually(async () => expect(await both()).toMatch(/^False SessionsDown.*False SessionsDown/));
  await eventually(async () => expect(await eipWords('second')).toMatch(/^False SessionsDown/));
  // A Service that comes now is told the same.
  await lab.create('routed/third');
  await becomes('routed/third', /^False SessionsDown/);
  await report('node-1', { sessions: [session('Established')] });
  await eventually(async () => expect(await both()).toMatch(/^True.*True/));
  await eventually(async () =>
    expect(await events('routed/first')).toEqual([
      'Normal Announced: announced: 198.51.100.0 by bgp, see Eip routed',
      'Warning SessionsDown: not announced any more: 198.51.100.0 by bgp: no session with a router is established; see the conditions of the BgpPeers',
    ]),
  );
  await report('node-2', { sessions: [session('Established')] });
});

test('a session that is lost for a moment is told by nobody', async () => {
  const before = await words('routed/first');
  for (const node of ['node-1', 'node-2']) await report(node, { sessions: [session('Active')] });
  await eventually(async () => expect(await eipWords('routed')).toMatch(/^False/));
  for (const node of ['node-1', 'node-2']) await report(node, { sessions: [session('Established')] });
  await eventually(async () => expect(await eipWords('routed')).toMatch(/2 nodes/));
  await replica.idle();
  expect([await words('routed/first'), (await events('routed/first')).length]).toEqual([before, 2]);
});

test('without an endpoint an Eip that withdraws says so', async () => {
  await lab.create('second/empty');
  await becomes('second/empty', /^False NoEndpoints: .* whenNoEndpoints: Withdraw$/);
  await endpoints('second/empty', [ready('elsewhere')]);
  await becomes('second/empty', /^True Announced/);
  await endpoints('second/empty', [{ ...ready('elsewhere'), conditions: { ready: false } }]);
  await becomes('second/empty', /^False NoEndpoints/);
});

test('with externalTrafficPolicy Local it goes by the nodes with a ready endpoint', async () => {
  await lab.create('routed/local', {}, { externalTrafficPolicy: 'Local' });
  await becomes('routed/local', /^False NoLocalEndpoints: .* no endpoint is ready$/);
  await endpoints('routed/local', [ready()]);
  await becomes('routed/local', /^False NoLocalEndpoints: .* the endpoints name no node$/);
  await endpoints('routed/local', [ready('elsewhere')]);
  await becomes('routed/local', /^False NoLocalEndpoints: .* they are on elsewhere \(NoSpeaker\)$/);
  await endpoints('routed/local', [ready('node-2')]);
  await becomes(
    'routed/local',
    /^True Announced: 198\.51\.100\.\d+ by bgp from each node with a ready endpoint, see Eip/,
  );
  await report('node-2', { sessions: [session('Active')] });
  // node-1 has a session.
  await becomes('routed/local', /^False SessionsDown: .* on the nodes with a ready endpoint \(node-2\): /);
  await report('node-2', { sessions: [session('Established')], stopping: true });
  await becomes('routed/local', /^False SpeakerStopping/);
  await report('node-2', { stopping: null });
  await becomes('routed/local', /^True/);
  await endpoints('routed/local', [
    { ...ready('node-2'), conditions: { ready: false, serving: true, terminating: true } },
  ]);
  await replica.idle();
  expect(await words('routed/local')).toMatch(/^True/);
});

test('a selector that selects none, and nodes that are excluded, are named', async () => {
  await lab.pool('picky', '192.0.2.128/25', {
    protocol: 'bgp',
    nodeSelector: { matchLabels: { rack: 'r1' } },
  });
  await lab.create('picky/web');
  await becomes('picky/web', /^False NodeNotSelected: .*spec\.nodeSelector of Eip picky \(rack=r1\) selects no node/);
  await eventually(async () => expect(await eipWords('picky')).toMatch(/^False NodeNotSelected/));
  await patchNode('node-2', { metadata: { labels: { rack: 'r1' } } });
  await becomes('picky/web', /^True Announced/);
  await eventually(async () => expect(await eipWords('picky')).toMatch(/from 1 node \(node-2\)/));
  const label = 'node.kubernetes.io/exclude-from-external-load-balancers';
  for (const node of ['node-1', 'node-2']) await patchNode(node, { metadata: { labels: { [label]: '' } } });
  await becomes('routed/first', /^False AllNodesExcluded/);
  for (const node of ['node-1', 'node-2']) await patchNode(node, { metadata: { labels: { [label]: null } } });
  await becomes('routed/first', /^True Announced/);
});

test('a node that Kubernetes has lost announces nothing', async () => {
  const readyIs = (status: string) =>
    patchNode('node-2', { status: { conditions: [{ type: 'Ready', status, reason: 'x', message: 'x' }] } }, 'status');
  await readyIs('Unknown');
  await becomes('picky/web', /^False NodeLost/);
  expect(await words('routed/first')).toMatch(/^True/);
  await readyIs('True');
  await becomes('picky/web', /^True/);
});

test('a speaker whose pod is gone announces nothing, though nobody says so', async () => {
  const { plane } = lab;
  const inSystem = (...args: string[]) => plane.kubectl([...args, '-n', 'skycap-system']);
  await inSystem('create', 'serviceaccount', 'default').catch(() => {});
  for (const node of ['node-1', 'node-2']) await startPod(`speaker-${node}`, node);
  await replica.idle();
  expect(await words('picky/web')).toMatch(/^True/);
  await inSystem('delete', 'pod', 'speaker-node-2', '--force', '--grace-period=0');
  await becomes('picky/web', /^False SpeakerStopping: .* the speaker has ended on every node that may announce it/);
  await eventually(async () => expect(await eipWords('routed')).toMatch(/from 1 node \(node-1\)/));
  await inSystem('delete', 'pod', 'speaker-node-1', '--force', '--grace-period=0');
  await becomes('routed/first', /^False SpeakerStopping/);
  for (const node of ['node-1', 'node-2']) await startPod(`again-${node}`, node);
  await becomes('routed/first', /^True/);
  await becomes('picky/web', /^True/);
});

test('with layer 2 it names the node that has the address, wherever that moves', async () => {
  await lab.create('wired/web');
  await lab.published('wired/web', '203.0.113.0');
  expect(await words('wired/web')).toBeUndefined();
  const holds = { layer2Addresses: [{ address: '203.0.113.0', interface: 'eth0' }] };
  await report('node-1', holds);
  await eventually(async () =>
    expect(await words('wired/web')).toBe('True Announced: 203.0.113.0 by layer2 from node node-1, interface eth0'),
  );
  // node-1 has lost its power, and says for ever what it said last.
  await report('node-2', holds);
  await becomes('wired/web', /from node node-2, interface eth0/);
  const machine = { address: '203.0.113.0', mac: '02:00:00:00:00:09', interface: 'eth0' };
  await report('node-2', { layer2Conflicts: [machine] });
  await becomes('wired/web', /^True AddressConflict: .*the machine 02:00:00:00:00:09 has it, seen on eth0 of node-2/);
  await report('node-1', { layer2Addresses: [] });
  await report('node-2', { layer2Addresses: [] });
  await becomes('wired/web', /^False AddressConflict: .*no node takes it, since the machine 02:00:00:00:00:09/);
  await report('node-2', { layer2Conflicts: [] });
  await becomes('wired/web', /^False NoOwner: 203\.0\.113\.0 by layer2: no node has it yet/);
  expect((await events('wired/web')).at(-1)).toMatch(
    /^Warning AddressConflict: not announced any more: 203\.0\.113\.0/,
  );
});

test('an interface that no node has is named', async () => {
  await lab.create('wired/typo');
  await becomes('wired/typo', /^False NoOwner/);
  for (const node of ['node-1', 'node-2']) await report(node, { layer2Unable: ['wired'] });
  await becomes('wired/typo', /^False NoInterface: .* matches spec\.interface "eth0" of Eip wired/);
  await eventually(async () => expect(await eipWords('wired')).toMatch(/^False NoInterface/));
  await report('node-1', { layer2Unable: [] });
  await becomes('wired/typo', /^False NoOwner/);
  const can = 'True Announced: by layer2: 1 node (node-1) can have its addresses, one at a time';
  await eventually(async () => expect(await eipWords('wired')).toBe(can));
});

test('at rest nothing is written', async () => {
  await replica.idle();
  const before = await replica.writes();
  await report('node-1', { sessions: [{ ...session('Established'), routesSent: 77 }] });
  await endpoints('routed/first', [ready('node-1')]);
  await endpoints('routed/first', [ready('node-2'), ready('node-1')]);
  await patchNode('node-1', { metadata: { labels: { other: 'label' } } });
  await replica.idle();
  expect(await replica.writes()).toEqual(before);
});

test('Calico that announces the addresses of an Eip is named, beside Skycap and instead of Skycap', async () => {
  const group = 'crd.projectcalico.org';
  const names = { kind: 'BGPConfiguration', plural: 'bgpconfigurations' };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const versions = [{ name: 'v1', served: true, storage: true, schema }];
  const crd = { metadata: { name: `${names.plural}.${group}` }, spec: { group, names, scope: 'Cluster', versions } };
  await lab.admin.create(CRDS, crd);
  const spec = { serviceLoadBalancerIPs: [{ cidr: '198.51.100.0/24' }] };
  const calico = { apiVersion: `${group}/v1`, kind: 'BGPConfiguration', metadata: { name: 'default' }, spec };
  await eventually(() => lab.admin.create(CALICO_BGP_CONFIGURATIONS, calico));
  for (const name of ['node-1', 'node-2']) await report(name, { sessions: [session('Established')] });
  // A leader looks at the beginning of its term.
  await lab.stop(replica);
  replica = await lab.replica('allocator-0', LEADER_TIMING);
  await eventually(async () =>
    expect(await eipWords('routed')).toMatch(/True AnnouncedByCalico.*Calico announces its/),
  );
  for (const name of ['node-1', 'node-2']) await report(name, { sessions: [] });
  await eventually(async () => expect(await eipWords('routed')).toMatch(/Unknown AnnouncedByCalico/));
});
