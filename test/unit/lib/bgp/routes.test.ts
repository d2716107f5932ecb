/** Which addresses a node announces: a row for each rule. */
import fc from 'fast-check';
import { nodeState } from '../../../../lib/announce/node-state.ts';
import type { EndpointSlice, Service } from '../../../../lib/api/service/service.ts';
import { AnnouncementIndex } from '../../../../lib/bgp/announcement-index.ts';
import { announcementsIn, routeGroups } from '../../../../lib/bgp/routes.ts';
import { compareAddresses, formatAddress, parseAddress } from '../../../../lib/net/address.ts';
import type { Snapshot } from '../../../../lib/snapshot/snapshot.ts';
import {
  aNode,
  anEip,
  anEndpoint,
  aService,
  aSlice,
  aSnapshot,
  type ClusterOptions,
  DRAINING,
  GONE,
  NOT_READY,
  READY,
} from '../../../support/speaker-builders.ts';

function blocksOf(snapshot: Snapshot) {
  return new AnnouncementIndex().decide(snapshot, nodeState(snapshot.nodeName, snapshot.node));
}

/** Address → reason. */
function decided(cluster: ClusterOptions): Record<string, string> {
  const announcements = announcementsIn(blocksOf(aSnapshot(cluster)));
  return Object.fromEntries(announcements.map(({ address, reason }) => [formatAddress(address), reason]));
}

/** The reason for the one address of the one Service. */
function reasonFor(cluster: ClusterOptions): string | undefined {
  return Object.values(decided(cluster))[0];
}

test('both addresses of a dual-stack Service are announced, though its label has room for one Eip', () => {
  expect(decided({ services: [aService({ ips: ['198.51.100.7', '2001:db8:100::7'], eip: 'v4' })] })).toEqual({
    '198.51.100.7': 'Announced',
    '2001:db8:100::7': 'Announced',
  });
});

describe('externalTrafficPolicy Local', () => {
  const here = 'node-1';
  const there = 'node-2';
  const local = (...endpoints: ReturnType<typeof anEndpoint>[]): ClusterOptions => ({
    services: [aService({ policy: 'Local' })],
    slices: [aSlice(endpoints)],
  });
  it.each<[string, ClusterOptions, string]>([
    ['a ready endpoint here', local(anEndpoint(here, READY)), 'Announced'],
    ['an endpoint here without conditions', local(anEndpoint(here)), 'Announced'],
    ['an endpoint here with empty conditions', local(anEndpoint(here, {})), 'Announced'],
    ['a ready endpoint elsewhere', local(anEndpoint(there, READY)), 'NoLocalEndpoints'],
    ['no endpoint at all', local(), 'NoLocalEndpoints'],
    ['no slice at all', { services: [aService({ policy: 'Local' })] }, 'NoLocalEndpoints'],
    ['one that is not ready', local(anEndpoint(here, NOT_READY)), 'NoLocalEndpoints'],
    ['one draining here, none ready anywhere', local(anEndpoint(here, DRAINING)), 'Announced'],
    [
      'one draining here, one ready elsewhere',
      local(anEndpoint(here, DRAINING), anEndpoint(there, READY)),
      'NoLocalEndpoints',
    ],
    [
      'one draining here, one not ready elsewhere',
      local(anEndpoint(here, DRAINING), anEndpoint(there, NOT_READY)),
      'Announced',
    ],
    ['one draining here, serving not said', local(anEndpoint(here, { ready: false, terminating: true })), 'Announced'],
    ['one terminating that serves no more', local(anEndpoint(here, GONE)), 'NoLocalEndpoints'],
    ['one draining and one ready here', local(anEndpoint(here, DRAINING), anEndpoint(here, READY)), 'Announced'],
    [
      'one draining here, a ready one on no node',
      local(anEndpoint(here, DRAINING), anEndpoint(null, READY)),
      'Announced',
    ],
    ['a ready endpoint that names no node', local(anEndpoint(null, READY)), 'NoLocalEndpoints'],
    [
      'publishNotReadyAddresses, as Kubernetes writes it',
      local(anEndpoint(here, { ready: true, serving: false })),
      'Announced',
    ],
  ])('%s', (_, cluster, reason) => {
    expect(reasonFor(cluster)).toBe(reason);
  });

  it("counts endpoints of the address's own family", () => {
    const services = [
      aService({ policy: 'Local', ips: ['198.51.100.7'] }),
      aService({ name: 'six', policy: 'Local', ips: ['2001:db8:100::7'], eip: 'v6' }),
    ];
    const slices = [
      aSlice([anEndpoint('node-1', READY)], { addressType: 'IPv6' }),
      aSlice([anEndpoint('node-1', READY)], { service: 'six', addressType: 'IPv6' }),
    ];
    expect(decided({ services, slices })).toEqual({
      '198.51.100.7': 'NoLocalEndpoints',
      '2001:db8:100::7': 'Announced',
    });
  });

  it('takes the endpoints of all slices, our own and those made by hand', () => {
    const services = [aService({ policy: 'Local' })];
    const foreignSlices = [aSlice([anEndpoint('node-1', READY)], { name: 'by-hand' })];
    expect(reasonFor({ services, slices: [aSlice([anEndpoint('node-2', READY)])], foreignSlices })).toBe('Announced');
  });
});

describe('externalTrafficPolicy Cluster', () => {
  const withdraw = [anEip('v4', { whenNoEndpoints: 'Withdraw' })];
  it.each<[string, ClusterOptions, string]>([
    ['an endpoint elsewhere', { slices: [aSlice([anEndpoint('node-2', READY)])], eips: withdraw }, 'Announced'],
    ['one draining elsewhere', { slices: [aSlice([anEndpoint('node-2', DRAINING)])], eips: withdraw }, 'Announced'],
    ['one that names no node', { slices: [aSlice([anEndpoint(null, READY)])], eips: withdraw }, 'Announced'],
    ['no endpoint, kept by default', {}, 'Announced'],
    ['no endpoint, the Eip says withdraw', { eips: withdraw }, 'NoEndpoints'],
    [
      'none ready, the Eip says withdraw',
      { slices: [aSlice([anEndpoint('node-2', NOT_READY)])], eips: withdraw },
      'NoEndpoints',
    ],
    [
      'only of the other family',
      { slices: [aSlice([anEndpoint('node-2', READY)], { addressType: 'IPv6' })], eips: withdraw },
      'NoEndpoints',
    ],
  ])('%s', (_, cluster, reason) => {
    expect(reasonFor({ services: [aService()], ...cluster })).toBe(reason);
  });
});

describe('the Eip must vouch for the address', () => {
  it.each<[string, ClusterOptions, string]>([
    ['there is no such Eip', { services: [aService({ eip: 'gone' })], eips: [] }, 'EipNotFound'],
    ['it can not be read', { services: [aService()], eips: [anEip('v4', { address: 'x' })] }, 'EipInvalid'],
    ['it does not contain the address', { services: [aService({ ips: ['203.0.113.1'] })] }, 'AddressOutsideEip'],
    ['it is for layer 2', { services: [aService()], eips: [anEip('v4', { protocol: 'layer2' })] }, 'OtherProtocol'],
    [
      'a CNI announces it',
      { services: [aService()], eips: [anEip('v4', {}, { 'openelb.kubesphere.io/cni': '' })] },
      'AnnouncedByCni',
    ],
    [
      'it is disabled, which touches nothing that was given',
      { services: [aService()], eips: [anEip('v4', { disable: true })] },
      'Announced',
    ],
    ['the Service is of another type', { services: [aService({ type: 'ClusterIP' })] }, 'NotLoadBalancer'],
  ])('%s', (_, cluster, reason) => {
    expect(reasonFor(cluster)).toBe(reason);
  });

  it('an annotation is not believed', () => {
    const service = aService({ ips: [] });
    const annotated = {
      ...service,
      metadata: { ...service.metadata, annotations: { 'skycap.io/addresses': '198.51.100.7' } },
    };
    expect(decided({ services: [annotated] })).toEqual({});
  });

  it.each(['', 'not an address', '198.51.100.007', '::ffff:198.51.100.7'])('a published %j is no address', (ip) => {
    expect(decided({ services: [aService({ ips: [ip] })] })).toEqual({});
  });
});

describe('the node', () => {
  const services = [aService()];
  it.each<[string, ClusterOptions, string]>([
    [
      'is excluded',
      {
        nodes: [
          aNode({
            metadata: { name: 'node-1', labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } },
          }),
        ],
      },
      'NodeExcluded',
    ],
    [
      'is about to go',
      { nodes: [aNode({ spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] } })] },
      'NodeLeaving',
    ],
    ['is gone', { nodes: [] }, 'NodeLeaving'],
    [
      'is not one that the Eip selects',
      { eips: [anEip('v4', { nodeSelector: { matchLabels: { edge: 'yes' } } })] },
      'NodeNotSelected',
    ],
    [
      'is one that the Eip selects',
      {
        nodes: [aNode({ metadata: { name: 'node-1', labels: { edge: 'yes' } } })],
        eips: [anEip('v4', { nodeSelector: { matchLabels: { edge: 'yes' } } })],
      },
      'Announced',
    ],
    ['has no address of the family', { nodes: [aNode({ ips: ['fd00::11'] })] }, 'NodeHasNoAddressOfFamily'],
  ])('%s', (_, cluster, reason) => {
    expect(reasonFor({ services, ...cluster })).toBe(reason);
  });
});

it('a label that the node gets counts at once, with the very same Services and Eips', () => {
  const snapshot = aSnapshot({
    services: [aService()],
    eips: [anEip('v4', { nodeSelector: { matchExpressions: [{ key: 'edge', operator: 'Exists' }] } })],
  });
  const index = new AnnouncementIndex();
  const reasonWith = (labels: Record<string, string>) => {
    const node = nodeState('node-1', aNode({ metadata: { name: 'node-1', labels } }));
    return announcementsIn(index.decide(snapshot, node))[0]?.reason;
  };
  expect([reasonWith({}), reasonWith({ edge: '' }), reasonWith({})]).toEqual([
    'NodeNotSelected',
    'Announced',
    'NodeNotSelected',
  ]);
});

describe('a shared address', () => {
  const withEndpoint = aService({ name: 'a', policy: 'Local' });
  const without = aService({ name: 'b', policy: 'Local' });
  const slices = [aSlice([anEndpoint('node-1', READY)], { service: 'a' })];
  it.each([
    ['in one order', [withEndpoint, without]],
    ['in the other', [without, withEndpoint]],
  ])('is announced if one of its Services wants it here, %s', (_, services) => {
    expect(decided({ services, slices })).toEqual({ '198.51.100.7': 'Announced' });
  });

  it('names the Services that led to the decision', () => {
    const snapshot = aSnapshot({ services: [aService({ name: 'b' }), aService({ name: 'a' })] });
    const [announcement] = announcementsIn(blocksOf(snapshot));
    expect(announcement?.services).toEqual(['default/a', 'default/b']);
  });
});

describe('properties', () => {
  const condition = fc.constantFrom(undefined, READY, DRAINING, NOT_READY, GONE);
  const endpoint = fc
    .tuple(fc.constantFrom('node-1', 'node-2', null), condition)
    .map(([on, state]) => anEndpoint(on, state));
  const number = fc.integer({ min: 0, max: 20 });
  const service: fc.Arbitrary<Service> = fc
    .record({ id: number, host: number, policy: fc.constantFrom<'Local' | 'Cluster'>('Local', 'Cluster') })
    .map(({ id, host, policy }) => aService({ name: `s${id}`, ips: [`198.51.100.${host}`], policy }));
  const slice: fc.Arbitrary<EndpointSlice> = fc
    .record({ id: number, endpoints: fc.array(endpoint, { maxLength: 3 }) })
    .map(({ id, endpoints }) => aSlice(endpoints, { service: `s${id}` }));
  const cluster = fc.record({
    services: fc.uniqueArray(service, { selector: ({ metadata }) => metadata.name, maxLength: 12 }),
    slices: fc.uniqueArray(slice, { selector: ({ metadata }) => metadata.name, maxLength: 12 }),
  });

  it('does not depend on the order of objects', () => {
    fc.assert(
      fc.property(cluster, ({ services, slices }) => {
        const reversed = { services: [...services].reverse(), slices: [...slices].reverse() };
        expect(decided(reversed)).toEqual(decided({ services, slices }));
      }),
    );
  });

  it('announces only what is published, sorted and once', () => {
    fc.assert(
      fc.property(cluster, (options) => {
        const [group] = routeGroups(blocksOf(aSnapshot(options)), []);
        const prefixes = (group?.blocks ?? []).flatMap((block) => block.prefixes);
        const texts = prefixes.map((prefix) => prefix.replace(/\/32$/, ''));
        const published = new Set(
          options.services.flatMap(({ status }) => status?.loadBalancer?.ingress?.map(({ ip }) => ip) ?? []),
        );
        expect(texts.every((text) => published.has(text))).toBe(true);
        expect(new Set(texts).size).toBe(texts.length);
        expect(texts).toEqual(texts.toSorted((a, b) => compareAddresses(parseAddress(a)!, parseAddress(b)!)));
      }),
    );
  });

  it('with Local, some node announces as long as any node has an endpoint to serve', () => {
    fc.assert(
      fc.property(fc.array(endpoint, { maxLength: 6 }), (endpoints) => {
        const from = (nodeName: string) =>
          reasonFor({
            nodeName,
            nodes: [aNode({ name: nodeName })],
            services: [aService({ policy: 'Local' })],
            slices: [aSlice(endpoints)],
          });
        const serves = endpoints.some(
          ({ nodeName, conditions = READY }) =>
            nodeName && (conditions.ready || (conditions.serving && conditions.terminating)),
        );
        expect([from('node-1'), from('node-2')].includes('Announced')).toBe(serves);
      }),
    );
  });
});
