/** The annotations by which a Service asks for attributes of its routes. */
import { communityKey } from '../../../../../lib/api/eip/community.ts';
import { formatProblems } from '../../../../../lib/api/problem.ts';
import { parseRouteOverrides } from '../../../../../lib/api/service/route-overrides.ts';

function read(communities?: string, peers?: string): string {
  const annotations = {
    ...(communities !== undefined && { 'skycap.io/bgp-communities': communities }),
    ...(peers !== undefined && { 'skycap.io/bgp-peers': peers }),
  };
  const { overrides, problems } = parseRouteOverrides({ metadata: { name: 'web', annotations } });
  return [
    ...(overrides.communities ? [`communities ${overrides.communities.map(communityKey).join(', ')}`] : []),
    ...(overrides.peers ? [`peers ${overrides.peers.join(', ')}`] : []),
    ...(problems.length > 0 ? [formatProblems(problems)] : []),
  ].join('; ');
}

it.each<[string, string | undefined, string | undefined, string]>([
  ['nothing', undefined, undefined, ''],
  ['empty annotations', '', ' , ', ''],
  [
    'both',
    ' 65000:2 ,65000:1,no-export',
    'tor-2,tor-1,tor-2',
    'communities standard 65000 1, standard 65000 2, standard 65535 65281; peers tor-1, tor-2',
  ],
  [
    'a community that is none: the others do not count either, the peers do',
    '65000:1,x";',
    'tor-1',
    'peers tor-1; skycap.io/bgp-communities: "x\\";" is not a community; write 65000:100, the large 65000:1:2, the extended rt:65000:100 or ro:65000:100, or a name such as no-export',
  ],
  [
    'a name that is none',
    undefined,
    'Tor_1',
    'skycap.io/bgp-peers: "Tor_1" is not the name of a BgpPeer; write names such as tor-1,tor-2',
  ],
  [
    'a quote',
    undefined,
    'a"; }',
    'skycap.io/bgp-peers: "a\\"; }" is not the name of a BgpPeer; write names such as tor-1,tor-2',
  ],
  [
    'too many',
    Array.from({ length: 17 }, (_, i) => `65000:${i}`).join(),
    undefined,
    'skycap.io/bgp-communities: lists 17; write at most 16',
  ],
])('%s', (_, communities, peers, said) => {
  expect(read(communities, peers)).toBe(said);
});
