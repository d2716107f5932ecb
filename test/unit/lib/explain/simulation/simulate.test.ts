/** What a change does to a cluster, by examples. */
import type { Change } from '../../../../../lib/explain/simulation/change/change.ts';
import { type Simulation, simulate } from '../../../../../lib/explain/simulation/simulate.ts';
import type { World } from '../../../../../lib/explain/simulation/world.ts';
import { aServiceOf, aWorld } from '../../../../support/simulate-builders.ts';
import { aBgpConf, aBgpPeer, anEip, anEndpoint, aSlice, READY } from '../../../../support/speaker-builders.ts';

const EIP = (name: string) => ({ annotations: { 'eip.openelb.kubesphere.io/v1alpha2': name } });
const LOCAL = { spec: { externalTrafficPolicy: 'Local' } } as const;

function tried(world: World, change: Change): Simulation {
  const simulated = simulate(world, change);
  if (!simulated.ok) throw new Error(simulated.message);
  return simulated.simulation;
}

const slice = (service: string, ...nodes: string[]) => ({
  ...aSlice(
    nodes.map((node) => anEndpoint(node, READY)),
    { service },
  ),
  metadata: { name: `${service}-1`, namespace: 'shop', labels: { 'kubernetes.io/service-name': service } },
});

describe('a node that goes', () => {
  it('takes one path from each router, and nothing is lost', () => {
    const world = aWorld({ services: [aServiceOf('web')] });
    const { bgp, services, layer2, sessions, losses } = tried(world, { kind: 'nodeGone', node: 'n2' });
    expect(bgp).toEqual([
      {
        address: '198.51.100.0',
        services: ['shop/web'],
        peer: 'router-1',
        before: ['n1', 'n2', 'n3'],
        after: ['n1', 'n3'],
      },
    ]);
    expect(sessions).toEqual([{ node: 'n2', peer: 'router-1', change: 'ends' }]);
    expect([services, layer2, losses]).toEqual([[], [], []]);
  });

  it('loses the paths of a Local Service whose only Pod is on the node', () => {
    const world = aWorld({ services: [aServiceOf('web', LOCAL)], endpointSlices: [slice('web', 'n2')] });
    const { bgp, losses, notes } = tried(world, { kind: 'nodeGone', node: 'n2' });
    expect(bgp).toMatchObject([{ before: ['n2'], after: [], reasons: ['NoLocalEndpoints'] }]);
    expect(losses).toEqual([{ service: 'shop/web', address: '198.51.100.0', of: 'paths', peer: 'router-1' }]);
    expect(notes.join()).toContain('Pods of node n2 count as gone');
  });

  it('hands its addresses of layer 2 over, and moves no other', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const world = aWorld({
      eips: [anEip('v4', { protocol: 'layer2' })],
      services: names.map((name) => aServiceOf(name)),
    });
    const owned = world.speakers.find(({ metadata }) => metadata.name === 'n1')!.status!.layer2Addresses!;
    expect(owned.length).toBeGreaterThan(0);
    const { layer2, losses } = tried(world, { kind: 'nodeGone', node: 'n1' });
    expect(layer2.map(({ address }) => address).sort()).toEqual(owned.map(({ address }) => address).sort());
    expect(layer2.every(({ from, to }) => from === 'n1' && (to === 'n2' || to === 'n3'))).toBe(true);
    expect(losses).toEqual([]);
  });

  it('is one of the nodes that are there', () => {
    expect(simulate(aWorld(), { kind: 'nodeGone', node: 'n9' })).toEqual({
      ok: false,
      message: 'There is no Node n9.',
    });
  });
});

describe('maintenance of a node', () => {
  it('withdraws what others announce, and keeps what no other can', () => {
    const world = aWorld({
      services: [aServiceOf('web'), aServiceOf('only', LOCAL)],
      endpointSlices: [slice('only', 'n2')],
    });
    const { bgp, losses } = tried(world, { kind: 'maintenance', node: 'n2' });
    expect(bgp.map(({ services, after }) => [services[0], after])).toEqual([['shop/web', ['n1', 'n3']]]);
    expect(losses).toEqual([]);
  });
});

describe('an Eip', () => {
  const world = aWorld({ services: [aServiceOf('web')] });

  it('in use is not deleted', () => {
    const { verdicts, services, losses } = tried(world, { kind: 'delete', of: 'Eip', name: 'v4' });
    expect(verdicts[0]!.refused).toContain('Eip "v4" has addresses in use: 198.51.100.0 (shop/web)');
    expect([services, losses]).toEqual([[], []]);
  });

  it('with the annotation takes its addresses along', () => {
    const annotations = { 'skycap.io/release-addresses': 'true' };
    const eip = anEip('v4');
    const releasing = { ...world, eips: [{ ...eip, metadata: { ...eip.metadata, annotations } }] };
    const { services, losses } = tried(releasing, { kind: 'delete', of: 'Eip', name: 'v4' });
    expect(services).toMatchObject([{ service: 'shop/web', change: 'lost', before: ['198.51.100.0'], after: [] }]);
    expect(losses).toEqual([{ service: 'shop/web', address: '198.51.100.0', of: 'address' }]);
  });

  it('does not shrink under a live address', () => {
    const objects = [applied('Eip', 'v4', { address: '198.51.100.128/25', protocol: 'bgp' })];
    expect(tried(world, { kind: 'apply', objects }).verdicts[0]!.refused).toContain('leaves out addresses in use');
  });

  it('that grows gives those who wait an address, the longest-waiting first', () => {
    const waiting = aWorld({
      eips: [anEip('v4', { address: '198.51.100.1' })],
      services: [aServiceOf('a'), aServiceOf('b'), aServiceOf('c')],
    });
    const objects = [applied('Eip', 'v4', { address: '198.51.100.0/31', protocol: 'bgp' })];
    const { services, bgp } = tried(waiting, { kind: 'apply', objects });
    expect(services).toMatchObject([{ service: 'shop/b', change: 'gained', after: ['198.51.100.0'] }]);
    expect(bgp).toMatchObject([{ address: '198.51.100.0', before: [], after: ['n1', 'n2', 'n3'] }]);
  });

  it('that changes to layer 2 takes the paths away, and one node answers', () => {
    const objects = [applied('Eip', 'v4', { protocol: 'layer2' })];
    const { bgp, layer2 } = tried(world, { kind: 'apply', objects });
    expect(bgp).toMatchObject([{ before: ['n1', 'n2', 'n3'], after: [] }]);
    expect(layer2).toMatchObject([{ address: '198.51.100.0', to: expect.stringMatching(/^n[123]$/) }]);
  });
});

describe('a BgpPeer', () => {
  const world = aWorld({
    services: [aServiceOf('web')],
    bgpPeers: [aBgpPeer('router-1'), aBgpPeer('router-2', { conf: { neighborAddress: '192.0.2.2' } })],
  });

  it('that goes takes its sessions and paths along', () => {
    const { bgp, sessions } = tried(world, { kind: 'delete', of: 'BgpPeer', name: 'router-2' });
    expect(sessions.map(({ node, peer, change }) => [node, peer, change])).toEqual(
      ['n1', 'n2', 'n3'].map((node) => [node, 'router-2', 'ends']),
    );
    expect(bgp).toMatchObject([{ peer: 'router-2', before: ['n1', 'n2', 'n3'], after: [] }]);
  });

  it('with another hold time resets its sessions, and keeps the paths', () => {
    const objects = [applied('BgpPeer', 'router-2', { timers: { config: { holdTime: '30' } } })];
    const { bgp, sessions, verdicts, notes } = tried(world, { kind: 'apply', objects });
    expect(sessions).toEqual(['n1', 'n2', 'n3'].map((node) => ({ node, peer: 'router-2', change: 'resets' })));
    expect(bgp).toEqual([]);
    expect(verdicts[0]!.warnings.join()).toContain('the edit resets the session of each selected node');
    expect(notes.join()).toContain('A session that resets takes its routes with it for some seconds.');
  });

  it('with another description resets nothing', () => {
    const objects = [applied('BgpPeer', 'router-2', { conf: { description: 'the left one' } })];
    expect(tried(world, { kind: 'apply', objects })).toMatchObject({ sessions: [], bgp: [], losses: [] });
  });

  it('that selects fewer nodes ends the sessions of the others', () => {
    const labelled = aWorld({ services: [aServiceOf('web')], labels: { n1: { side: 'left' } } });
    const objects = [applied('BgpPeer', 'router-1', { nodeSelector: { matchLabels: { side: 'left' } } })];
    const { bgp, sessions } = tried(labelled, { kind: 'apply', objects });
    expect(sessions.map(({ node, change }) => [node, change])).toEqual([
      ['n2', 'ends'],
      ['n3', 'ends'],
    ]);
    expect(bgp).toMatchObject([{ before: ['n1', 'n2', 'n3'], after: ['n1'] }]);
  });

  it('that cannot be read is refused with the field', () => {
    const objects = [applied('BgpPeer', 'router-1', { conf: { neighborAddress: '192.0.2.300' } })];
    expect(tried(world, { kind: 'apply', objects }).verdicts[0]!.refused).toContain('spec.conf.neighborAddress');
  });
});

describe('a BgpConf', () => {
  it('with another AS number resets every session', () => {
    const world = aWorld({ services: [aServiceOf('web')] });
    const objects = [applied('BgpConf', 'default', { as: 64_999 })];
    const { sessions } = tried(world, { kind: 'apply', objects });
    expect(sessions.map(({ change }) => change)).toEqual(['resets', 'resets', 'resets']);
  });

  it('that goes leaves no path', () => {
    const world = aWorld({ services: [aServiceOf('web')], bgpConfs: [aBgpConf()] });
    const { bgp, losses } = tried(world, { kind: 'delete', of: 'BgpConf', name: 'default' });
    expect(bgp).toMatchObject([{ after: [] }]);
    expect(losses).toMatchObject([{ of: 'paths' }]);
  });
});

describe('a Service', () => {
  const world = aWorld({
    eips: [anEip('v4'), anEip('other', { address: '203.0.113.0/24' })],
    services: [aServiceOf('web', EIP('v4'))],
  });

  it('that is new gets an address and its paths', () => {
    const objects = [file(aServiceOf('new', EIP('other')))];
    const { services, bgp } = tried(world, { kind: 'apply', objects });
    expect(services).toMatchObject([
      { service: 'shop/new', change: 'gained', after: ['203.0.113.0'], reason: 'Assigned' },
    ]);
    expect(bgp).toMatchObject([{ address: '203.0.113.0', before: [], after: ['n1', 'n2', 'n3'] }]);
  });

  it('that names another Eip changes its address', () => {
    const objects = [file(aServiceOf('web', EIP('other')))];
    const { services, losses } = tried(world, { kind: 'apply', objects });
    expect(services).toMatchObject([{ change: 'changed', before: ['198.51.100.0'], after: ['203.0.113.0'] }]);
    expect(losses).toEqual([{ service: 'shop/web', address: '198.51.100.0', of: 'address' }]);
  });

  it('that names an Eip which does not exist waits, with the reason', () => {
    const objects = [file(aServiceOf('new', EIP('nowhere')))];
    expect(tried(world, { kind: 'apply', objects }).services).toMatchObject([
      { service: 'shop/new', after: [], reason: 'EipNotFound', message: expect.stringContaining('nowhere') },
    ]);
  });

  it('that goes leaves its address to one that waits', () => {
    const full = aWorld({
      eips: [anEip('v4', { address: '198.51.100.1' })],
      services: [aServiceOf('a'), aServiceOf('b')],
    });
    const { services } = tried(full, { kind: 'delete', of: 'Service', namespace: 'shop', name: 'a' });
    expect(services).toMatchObject([
      { service: 'shop/a', change: 'lost', after: [] },
      { service: 'shop/b', change: 'gained', after: ['198.51.100.1'] },
    ]);
  });
});

function applied(kind: 'Eip' | 'BgpPeer' | 'BgpConf', name: string, spec: object) {
  return { apiVersion: 'network.kubesphere.io/v1alpha2', kind, metadata: { name }, spec };
}

function file(service: ReturnType<typeof aServiceOf>) {
  const { creationTimestamp: _, uid: __, ...metadata } = service.metadata;
  return { ...service, apiVersion: 'v1', kind: 'Service', metadata } as const;
}
