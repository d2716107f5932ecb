/** `nextHops: AllNodes`: by which nodes a session has a path for an address. */
import fc from 'fast-check';
import type { BgpConfObject } from '../../../../lib/api/bgp/bgp-types.ts';
import type { EipObject } from '../../../../lib/api/eip/eip-types.ts';
import { EXCLUDE_NODE_LABEL } from '../../../../lib/api/keys.ts';
import { makePlan } from '../../../../lib/bgp/plan.ts';
import {
  aBgpConf,
  aBgpPeer,
  aNode,
  anEip,
  anEndpoint,
  anotherNode,
  aService,
  aSlice,
  aSnapshot,
  type ClusterOptions,
  DRAINING,
} from '../../../support/speaker-builders.ts';

/** `node-1 node-2 for 198.51.100.7/32`, by the prefix. */
function pathsIn(options: ClusterOptions): Record<string, string> {
  const planned = makePlan(aSnapshot({ bgpPeers: [aBgpPeer('router-1', { nextHops: 'AllNodes' })], ...options }));
  if (planned.kind !== 'plan') throw new Error(`Cannot go on: ${planned.message}`);
  const found: Record<string, string> = {};
  for (const { node, groups } of planned.plan.bgp.paths ?? []) {
    const prefixes = groups.flatMap(({ blocks }) => blocks.flatMap((block) => block.prefixes));
    for (const prefix of prefixes) found[prefix] = [...(found[prefix]?.split(' ') ?? []), node.name].join(' ');
  }
  return found;
}

const HOST = '198.51.100.7/32';
const others = [anotherNode('node-2', 12), anotherNode('node-3', 13)];
const services = [aService()];
const local = (...endpoints: Parameters<typeof anEndpoint>[]): ClusterOptions => ({
  services: [aService({ policy: 'Local' })],
  slices: [aSlice(endpoints.map((one) => anEndpoint(...one)))],
});
const withEip = (spec: EipObject['spec']): ClusterOptions => ({ eips: [anEip('v4', spec), anEip('v6')] });
const withConf = (spec: BgpConfObject['spec']): ClusterOptions => ({ bgpConfs: [aBgpConf(spec)] });
const rack = (name: string) => ({ 'openelb.kubesphere.io/rack': name });

test.each<[string, ClusterOptions, string | undefined]>([
  ['every node', {}, 'node-1 node-2 node-3'],
  ['no dead node', { others: [others[0]!, anotherNode('node-3', 13, { isLive: false })] }, 'node-1 node-2'],
  [
    'no excluded node',
    { others: [others[0]!, anotherNode('node-3', 13, { labels: { [EXCLUDE_NODE_LABEL]: '' } })] },
    'node-1 node-2',
  ],
  [
    'no node in maintenance',
    { others: [others[0]!, anotherNode('node-3', 13, { inMaintenance: true })] },
    'node-1 node-2',
  ],
  [
    'the node itself is in maintenance',
    { nodes: [aNode({ metadata: { name: 'node-1', annotations: { 'skycap.io/maintenance': 'true' } } })] },
    'node-2 node-3',
  ],
  [
    'too few others: the last by name stays',
    {
      others: [anotherNode('node-2', 12, { inMaintenance: true }), anotherNode('node-3', 13, { inMaintenance: true })],
      ...withConf({ maintenance: { minimumNodes: 2 } }),
    },
    'node-1 node-3',
  ],
  ['nodes that the Eip selects', withEip({ nodeSelector: { matchLabels: { edge: '' } } }), undefined],
  ['nodes with an endpoint of a Local Service', local(['node-2'], ['node-3', DRAINING]), 'node-2'],
  ['draining endpoints where no other is', local(['node-3', DRAINING]), 'node-3'],
  [
    'an endpoint on the node in maintenance alone',
    { ...local(['node-2']), others: [anotherNode('node-2', 12, { inMaintenance: true })] },
    'node-2',
  ],
  ['no endpoint', local(), undefined],
  ['an Eip of layer 2', withEip({ protocol: 'layer2' }), undefined],
  [
    'the rack of the node',
    {
      ...withConf({ asPerRack: { east: 65001, west: 65002 } }),
      nodes: [aNode({ metadata: { name: 'node-1', labels: rack('east') } })],
      others: [
        anotherNode('node-2', 12, { labels: rack('east') }),
        anotherNode('node-3', 13, { labels: rack('west') }),
      ],
    },
    'node-1 node-2',
  ],
  ['a BgpPeer for its own node', { bgpPeers: [aBgpPeer()] }, undefined],
  [
    'a BgpPeer for other nodes',
    { bgpPeers: [aBgpPeer('router-1', { nextHops: 'AllNodes', nodeSelector: { matchLabels: { a: 'b' } } })] },
    undefined,
  ],
])('%s', (_, options, expected) => {
  expect(pathsIn({ others, services, ...options })[HOST]).toBe(expected);
});

test('Services that share an address have the nodes of both', () => {
  const options = {
    services: [aService({ name: 'a', policy: 'Local' }), aService({ name: 'b', policy: 'Local' })],
    slices: [aSlice([anEndpoint('node-3')], { service: 'a' }), aSlice([anEndpoint('node-2')], { service: 'b' })],
  };
  expect(pathsIn({ others, ...options })[HOST]).toBe('node-2 node-3');
});

test('an aggregate has a path by each node that has an address within it', () => {
  const options = {
    ...withEip({ bgp: { aggregation: { ipv4: 24, hostRoutes: false } } }),
    services: [
      aService({ name: 'a', policy: 'Local' }),
      aService({ name: 'b', ips: ['198.51.100.8'], policy: 'Local' }),
    ],
    slices: [aSlice([anEndpoint('node-3')], { service: 'a' }), aSlice([anEndpoint('node-2')], { service: 'b' })],
  };
  expect(pathsIn({ others, ...options })).toEqual({ '198.51.100.0/24': 'node-2 node-3' });
});

test('of more nodes than the Eip allows, some are chosen, the same by every node; without one of them only it is replaced', () => {
  const state = fc.record({ isLive: fc.boolean(), inMaintenance: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(state, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 4 }),
      (states, announcers) => {
        const all = states.map((one, i) => anotherNode(`node-${i + 2}`, 12 + i, one));
        const eip = withEip({ bgp: { announcers } });
        const chosen = (of: typeof all) => pathsIn({ others: of, services, ...eip })[HOST]?.split(' ') ?? [];
        const names = chosen(all);
        const able = all.filter(({ isLive, inMaintenance }) => isLive && !inMaintenance).length + 1;
        expect(names).toHaveLength(Math.min(announcers, able));
        const lost = all.find(({ node }) => names.includes(node.name));
        if (!lost) return;
        const rest = chosen(all.map((one) => (one === lost ? { ...one, isLive: false } : one)));
        expect(rest).toEqual(expect.arrayContaining(names.filter((name) => name !== lost.node.name)));
      },
    ),
    { numRuns: 60 },
  );
});
