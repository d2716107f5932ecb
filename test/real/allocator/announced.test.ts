/** The condition `skycap.io/Announced` at a real API server: with the address in one request, and in step with the Speakers afterwards. */
import { ANNOUNCED_CONDITION } from '../../../lib/api/keys.ts';
import type { SpeakerObject, SpeakerSession } from '../../../lib/api/speaker-types.ts';
import { BGP_CONFS, BGP_PEERS, SPEAKERS } from '../../../lib/kube/resource.ts';
import { AllocatorLab, eventually, type Replica } from './harness.ts';

let lab: AllocatorLab;
let replica: Replica;

beforeAll(async () => {
  lab = await AllocatorLab.start();
  replica = await lab.replica();
  await lab.admin.create(BGP_CONFS, { metadata: { name: 'default' }, spec: { as: 64512 } });
  await lab.admin.create(BGP_PEERS, {
    metadata: { name: 'router' },
    spec: { conf: { neighborAddress: '192.0.2.1', peerAs: 64513 } },
  });
  await report('node-1', { sessions: [session('Established')] });
  await report('node-2', { sessions: [session('Established')] });
  await lab.pool('routed', '198.51.100.0/24', { protocol: 'bgp' });
  await lab.pool('wired', '203.0.113.0/24', { protocol: 'layer2', interface: 'eth0' });
  // The allocator has heard of both nodes.
  await eventually(async () => {
    const { status } = await lab.admin.get(BGP_PEERS, { name: 'router' });
    expect(Object.keys(status?.nodesPeerStatus ?? {}).sort()).toEqual(['node-1', 'node-2']);
  });
}, 60_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

function session(state: SpeakerSession['state']): SpeakerSession {
  const ends = { neighborAddress: '192.0.2.1', neighborAs: 64513, localAs: 64512 };
  return { peer: 'router', ...ends, state, routesSent: 0, disabled: false };
}

async function report(node: string, status: SpeakerObject['status']): Promise<void> {
  const known = (await lab.admin.list(SPEAKERS)).items.some(({ metadata }) => metadata.name === node);
  if (!known)
    await lab.admin.create(SPEAKERS, { apiVersion: 'skycap.io/v1alpha1', kind: 'Speaker', metadata: { name: node } });
  await lab.admin.patch(SPEAKERS, { name: node }, { status }, { type: 'merge', subresource: 'status' });
}

async function words(key: string): Promise<string | undefined> {
  const { status } = await lab.service(key);
  const condition = status?.conditions?.find(({ type }) => type === ANNOUNCED_CONDITION);
  return condition && `${condition.status} ${condition.reason}: ${condition.message}`;
}

const patches = async (): Promise<number> => (await replica.writes())['patch services 200'] ?? 0;

test('with BGP it comes with the address, in the same request, and goes with it', async () => {
  await replica.idle();
  const before = await patches();
  await lab.create('routed/web');
  await lab.published('routed/web', '198.51.100.0');
  await replica.idle();
  expect(await words('routed/web')).toBe(
    'True Announced: 198.51.100.0 by bgp from 2 nodes (node-1, node-2) to 1 router (router)',
  );
  expect((await patches()) - before).toBe(1);
  await lab.patch('routed/web', { metadata: { annotations: { 'lb.kubesphere.io/v1alpha1': null } } });
  await eventually(async () => expect(await words('routed/web')).toBeUndefined());
});

test('a session more or less on one node is not told at once; that nobody announces any more is', async () => {
  await lab.create('routed/first');
  await lab.create('routed/second');
  const both = async () => [await words('routed/first'), await words('routed/second')].join();
  await eventually(async () => expect(await both()).toMatch(/2 nodes.*2 nodes/));
  await replica.idle();
  const before = await patches();
  await report('node-2', { sessions: [session('Active')] });
  await replica.idle();
  expect(await patches()).toBe(before);
  await report('node-1', { sessions: [session('Active')] });
  await eventually(async () => expect(await both()).toMatch(/False SessionsDown.*False SessionsDown/));
  // A Service that comes now is told the same.
  await lab.create('routed/third');
  await eventually(async () => expect(await words('routed/third')).toMatch(/^False SessionsDown/));
  await report('node-1', { sessions: [session('Established')] });
  await eventually(async () => expect(await both()).toMatch(/1 node \(node-1\).*1 node \(node-1\)/));
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
  await eventually(async () => expect(await words('wired/web')).toMatch(/from node node-2, interface eth0/));
  await report('node-1', { layer2Addresses: [] });
  await report('node-2', { layer2Addresses: [] });
  await eventually(async () =>
    expect(await words('wired/web')).toBe('False NobodyHasIt: 203.0.113.0 by layer2: no node has it'),
  );
});

test('what nobody takes is told after a while', async () => {
  await lab.create('wired/orphan');
  await eventually(async () => expect(await words('wired/orphan')).toMatch(/^False NobodyHasIt/));
});

test('at rest nothing is written', async () => {
  await replica.idle();
  const before = await replica.writes();
  await report('node-1', { sessions: [{ ...session('Established'), routesSent: 77 }] });
  await replica.idle();
  expect(await replica.writes()).toEqual(before);
});
