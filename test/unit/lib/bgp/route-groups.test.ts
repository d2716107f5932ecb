/** Routes in groups: which attributes an address gets, which BgpPeers get it, which aggregates stand beside it or in its place. */
import fc from 'fast-check';
import { oldestOf, routeTerms } from '../../../../lib/announce/route-terms.ts';
import { communityKey } from '../../../../lib/api/eip/community.ts';
import { parseEip } from '../../../../lib/api/eip/parse-eip.ts';
import type { Service } from '../../../../lib/api/service/service.ts';
import { AnnouncementIndex } from '../../../../lib/bgp/announcement-index.ts';
import { makePlan } from '../../../../lib/bgp/plan.ts';
import {
  aBgpPeer,
  aNode,
  anEip,
  anEndpoint,
  aService,
  aSlice,
  aSnapshot,
  type ClusterOptions,
  READY,
} from '../../../support/speaker-builders.ts';

const PEERS = [
  aBgpPeer('left', {}, { labels: { side: 'left' } }),
  aBgpPeer('right', { conf: { neighborAddress: '192.0.2.2' } }),
];
const [COMMUNITIES, CHOSEN] = ['skycap.io/bgp-communities', 'skycap.io/bgp-peers'];
const OPEN = { allowServiceOverrides: { communities: true, peers: true } };

function groupsOf(options: ClusterOptions, index?: AnnouncementIndex) {
  const planned = makePlan(aSnapshot({ bgpPeers: PEERS, ...options }), index);
  if (planned.kind !== 'plan') throw new Error('Cannot go on: there is no plan');
  return planned.plan.bgp.routes;
}

/** `198.51.100.7/32 [standard 65000 1] to left`, sorted by prefix; a MED of 5 as `med 5`. */
function routes(options: ClusterOptions, index?: AnnouncementIndex): string[] {
  return groupsOf(options, index)
    .flatMap(({ attributes: { communities, med }, peers, blocks }) =>
      blocks.flatMap(({ prefixes }) =>
        prefixes.map((prefix) =>
          [
            prefix,
            ...(communities.length > 0 ? [`[${communities.map(communityKey).join(', ')}]`] : []),
            ...(med === undefined ? [] : [`med ${med}`]),
            ...(peers ? [`to ${peers.join(',') || 'nobody'}`] : []),
          ].join(' '),
        ),
      ),
    )
    .sort();
}

const web = (bgp: object, address = '198.51.100.0/24', name = 'v4') => anEip(name, { address, bgp });
const at = (host: number, over: Parameters<typeof aService>[0] = {}) =>
  aService({ name: `s${host}`, ips: [`198.51.100.${host}`], ...over });

it.each<[string, ClusterOptions, string[]]>([
  ['plain', { services: [at(7)] }, ['198.51.100.7/32']],
  ['nothing asked for', { eips: [web(OPEN)], services: [at(7)] }, ['198.51.100.7/32']],
  [
    'attributes',
    { eips: [web({ communities: ['65000:1'], med: 5 })], services: [at(7)] },
    ['198.51.100.7/32 [standard 65000 1] med 5'],
  ],
  [
    'one BgpPeer by name',
    { eips: [web({ peers: { names: ['right'] } })], services: [at(7)] },
    ['198.51.100.7/32 to right'],
  ],
  [
    'one BgpPeer by label',
    { eips: [web({ peers: { selector: { matchLabels: { side: 'left' } } } })], services: [at(7)] },
    ['198.51.100.7/32 to left'],
  ],
  ['no BgpPeer', { eips: [web({ peers: { names: ['gone'] } })], services: [at(7)] }, ['198.51.100.7/32 to nobody']],
  [
    'a Service with a community and a BgpPeer of its own',
    {
      eips: [web({ communities: ['65000:1'], ...OPEN })],
      services: [at(7), at(8, { annotations: { [COMMUNITIES!]: '65000:2', [CHOSEN!]: 'left' } })],
    },
    ['198.51.100.7/32 [standard 65000 1]', '198.51.100.8/32 [standard 65000 1, standard 65000 2] to left'],
  ],
  [
    'a Service that is not allowed to',
    { eips: [web({})], services: [at(8, { annotations: { [COMMUNITIES!]: '65000:2', [CHOSEN!]: 'left' } })] },
    ['198.51.100.8/32'],
  ],
  [
    'an aggregate beside its addresses',
    { eips: [web({ aggregation: { ipv4: 25 } })], services: [at(7), at(8), at(200)] },
    ['198.51.100.0/25', '198.51.100.128/25', '198.51.100.200/32', '198.51.100.7/32', '198.51.100.8/32'],
  ],
  [
    'an aggregate in place of its addresses',
    { eips: [web({ aggregation: { ipv4: 24, hostRoutes: false }, med: 5 })], services: [at(7), at(200)] },
    ['198.51.100.0/24 med 5'],
  ],
  [
    'an aggregate over several blocks of addresses',
    {
      eips: [web({ aggregation: { ipv4: 22, hostRoutes: false } }, '198.51.100.0/22')],
      services: [at(7), aService({ name: 'b', ips: ['198.51.102.7'] })],
    },
    ['198.51.100.0/22'],
  ],
  [
    'an aggregate of IPv6',
    {
      eips: [anEip('v6', { bgp: { aggregation: { ipv6: 64 } } })],
      services: [aService({ eip: 'v6', ips: ['2001:db8:100::7'] })],
    },
    ['2001:db8:100::/64', '2001:db8:100::7/128'],
  ],
  ['an aggregate without an address', { eips: [web({ aggregation: { ipv4: 24 } })], services: [] }, []],
  [
    'an aggregate whose address is not announced here',
    { eips: [web({ aggregation: { ipv4: 24 } })], services: [at(7, { policy: 'Local' })] },
    [],
  ],
  [
    'the aggregate goes out as the Eip says, whatever its Service says',
    { eips: [web({ aggregation: { ipv4: 24 }, ...OPEN })], services: [at(7, { annotations: { [CHOSEN!]: 'left' } })] },
    ['198.51.100.0/24', '198.51.100.7/32 to left'],
  ],
  [
    'one aggregate of two Eips is that of the first in the alphabet',
    {
      eips: [
        web({ aggregation: { ipv4: 24 }, med: 2 }, '198.51.100.128/25', 'b'),
        web({ aggregation: { ipv4: 24 }, med: 1 }, '198.51.100.0/25', 'a'),
      ],
      services: [at(7, { eip: 'a' }), at(200, { eip: 'b' })],
    },
    ['198.51.100.0/24 med 1', '198.51.100.200/32 med 2', '198.51.100.7/32 med 1'],
  ],
  [
    'the other one takes over where the first announces nothing',
    {
      eips: [
        web({ aggregation: { ipv4: 24 }, med: 2 }, '198.51.100.128/25', 'b'),
        web({ aggregation: { ipv4: 24 }, med: 1 }, '198.51.100.0/25', 'a'),
      ],
      services: [at(200, { eip: 'b' })],
    },
    ['198.51.100.0/24 med 2', '198.51.100.200/32 med 2'],
  ],
  [
    'the oldest of Services that share an address decides, also where another one has the endpoint',
    {
      eips: [web(OPEN)],
      services: [
        at(7, { name: 'a', policy: 'Local', annotations: { [CHOSEN!]: 'right' }, createdAt: '2026-01-02T00:00:00Z' }),
        at(7, { name: 'b', policy: 'Local', annotations: { [CHOSEN!]: 'left' }, createdAt: '2026-01-01T00:00:00Z' }),
      ],
      slices: [aSlice([anEndpoint('node-1', READY)], { service: 'a' })],
    },
    ['198.51.100.7/32 to left'],
  ],
])('%s', (_, options, expected) => {
  expect(routes(options)).toEqual(expected);
});

it('an edit of attributes changes the group and moves no route into another', () => {
  const [before] = groupsOf({ eips: [web({ med: 5 })], services: [at(7)] });
  const [after] = groupsOf({ eips: [web({ med: 6, communities: ['no-export'] })], services: [at(7)] });
  expect(after).toMatchObject({ name: before!.name, blocks: before!.blocks });
});

describe('properties', () => {
  const bgp = fc.record(
    {
      communities: fc.subarray(['65000:1', 'no-export']),
      med: fc.constantFrom(1, 2),
      peers: fc.constantFrom({ names: ['left'] }, { selector: { matchLabels: { side: 'left' } } }),
      aggregation: fc.record({ ipv4: fc.constantFrom(24, 26, 28), hostRoutes: fc.boolean() }),
      allowServiceOverrides: fc.record({ communities: fc.boolean(), peers: fc.boolean() }),
    },
    { requiredKeys: [] },
  );
  const eips = fc
    .tuple(fc.option(bgp), fc.option(bgp))
    .map(([a, b]) => [
      anEip('v4', { address: '198.51.100.0/25', ...(a && { bgp: a }) }),
      anEip('w4', { address: '198.51.100.128/25', ...(b && { bgp: b }) }),
    ]);
  const service: fc.Arbitrary<Service> = fc
    .record({
      id: fc.nat(8),
      host: fc.constantFrom(1, 2, 40, 130, 200),
      communities: fc.constantFrom('', '65000:2', 'x'),
      chosen: fc.constantFrom('', 'left', 'right'),
      day: fc.integer({ min: 1, max: 3 }),
    })
    .map(({ id, host, communities, chosen, day }) =>
      at(host, {
        name: `s${id}`,
        eip: host < 128 ? 'v4' : 'w4',
        createdAt: `2026-01-0${day}T00:00:00Z`,
        annotations: { [COMMUNITIES!]: communities, [CHOSEN!]: chosen },
      }),
    );
  const services = fc.uniqueArray(service, { selector: ({ metadata }) => metadata.name, maxLength: 8 });

  it('an index that follows every change comes to the same groups as a new one, and the order of objects means nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ services, eips }), { minLength: 2, maxLength: 5 }), (steps) => {
        const index = new AnnouncementIndex();
        let former: readonly Service[] = [];
        for (const step of steps) {
          for (const { metadata } of [...former, ...step.services]) index.changed(`default/${metadata.name}`);
          former = step.services;
          const fresh = groupsOf({ ...step, services: [...step.services].reverse() });
          expect(groupsOf(step, index)).toEqual(fresh);
        }
      }),
    );
  });

  it('every announced address is in a host route on the terms of its oldest Service, or in an aggregate, and no prefix goes out twice', () => {
    fc.assert(
      fc.property(services, eips, (some, pools) => {
        const all = routes({ services: some, eips: pools });
        const prefixes = all.map((route) => route.split(' ')[0]!);
        expect(new Set(prefixes).size).toBe(prefixes.length);
        for (const [ip, sharers] of Map.groupBy(some, ({ status }) => status!.loadBalancer!.ingress![0]!.ip!)) {
          const pool = pools.find(
            ({ metadata }) => metadata.name === sharers[0]!.metadata.labels!['eip.openelb.kubesphere.io/v1alpha2'],
          )!;
          const eip = parseEip(pool);
          if (!eip.ok) throw new Error('Cannot go on: the Eip was refused');
          const { attributes } = routeTerms(eip.value.bgp, oldestOf([sharers[0]!, ...sharers]));
          const host = all.find((route) => route.startsWith(`${ip}/32`));
          expect(host !== undefined).toBe(eip.value.bgp?.aggregation?.hostRoutes !== false);
          if (host === undefined) continue;
          for (const community of attributes.communities) expect(host).toContain(communityKey(community));
          expect(host.includes('65000 2')).toBe(
            attributes.communities.some((one) => communityKey(one).endsWith('65000 2')),
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});

it('a node without a Node, or without an address of the family, announces no aggregate', () => {
  const options = { eips: [web({ aggregation: { ipv4: 24 } })], services: [at(7)] };
  expect(routes({ ...options, nodes: [aNode({ ips: ['fd00::11'] })] })).toEqual([]);
});
