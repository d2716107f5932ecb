/** `Eip.spec.bgp`: read, refused with the remedy, and warned of where its effect may surprise. */
import type { Eip } from '../../../../../lib/api/eip/eip.ts';
import { eipBgpAdvice } from '../../../../../lib/api/eip/eip-bgp-advice.ts';
import { parseEip, unsupportedEipFields } from '../../../../../lib/api/eip/parse-eip.ts';
import { formatProblems } from '../../../../../lib/api/problem.ts';
import { aBgpPeer, anEip } from '../../../../support/speaker-builders.ts';

const withBgp = (bgp: object, spec: object = {}, name = 'v4') => anEip(name, { bgp, ...spec });
const parsed = (bgp: object, spec: object = {}, name = 'v4'): Eip => {
  const result = parseEip(withBgp(bgp, spec, name));
  if (!result.ok) throw new Error(`Cannot go on: the Eip was refused, ${formatProblems(result.problems)}`);
  return result.value;
};

it('an Eip without the field has nothing of it, and one with an empty one the defaults', () => {
  expect(parsed({}).bgp).toEqual({
    attributes: { communities: [], asPathPrepend: 0 },
    peers: [],
    allowServiceOverrides: { communities: false, peers: false },
  });
  const plain = parseEip(anEip());
  expect(plain.ok && 'bgp' in plain.value).toBe(false);
});

it('every field is read; 0 is a number', () => {
  const bgp = {
    communities: ['65000:2', '65000:1', '65000:2'],
    localPref: 0,
    med: 0,
    asPathPrepend: 3,
    aggregation: { ipv4: 24, ipv6: 64, hostRoutes: false },
    peers: { names: ['tor-1'], selector: { matchLabels: { rack: 'a' } } },
    announcers: 2,
    allowServiceOverrides: { communities: true },
  };
  expect(parsed(bgp).bgp).toEqual({
    attributes: {
      communities: [
        { kind: 'standard', numbers: [65000, 1] },
        { kind: 'standard', numbers: [65000, 2] },
      ],
      localPref: 0,
      med: 0,
      asPathPrepend: 3,
    },
    aggregation: { length: 24, hostRoutes: false },
    peers: [{ names: ['tor-1'], selector: [{ key: 'rack', operator: 'In', values: ['a'] }] }],
    announcers: 2,
    allowServiceOverrides: { communities: true, peers: false },
  });
  expect(parsed(bgp, {}, 'v6').bgp?.aggregation).toEqual({ length: 64, hostRoutes: false });
});

it.each<[string, object, string]>([
  [
    'a community that is none',
    { communities: ['65000:1', 'x"; }'] },
    'spec.bgp.communities[1]: "x\\"; }" is not a community',
  ],
  ['too many', { communities: Array(33).fill('65000:1') }, 'spec.bgp.communities: has 33 communities; write at most'],
  [
    'nobody to announce',
    { announcers: 0 },
    'spec.bgp.announcers: "0" is not a whole number from 1 to 5000; write one such as 2, or leave it out for every node',
  ],
  ['a text for a number', { announcers: '2"; }' }, 'spec.bgp.announcers: "2\\"; }" is not a whole number'],
  ['a MED below 0', { med: -1 }, 'spec.bgp.med: "-1" is not a whole number from 0 to 4294967295; write one such as 50'],
  ['a local preference of 33 bits', { localPref: 4_294_967_296 }, 'spec.bgp.localPref: "4294967296" is not a whole'],
  ['a MED as text', { med: '5' }, 'spec.bgp.med: "5" is not a whole number'],
  ['a long path', { asPathPrepend: 11 }, 'spec.bgp.asPathPrepend: "11" is not a whole number from 0 to 10'],
  [
    'an aggregate of half of the world',
    { aggregation: { ipv4: 1 } },
    'spec.bgp.aggregation.ipv4: "1" is not a prefix length from 8 to 31; write one such as 24',
  ],
  ['a host route as an aggregate', { aggregation: { ipv6: 128 } }, 'spec.bgp.aggregation.ipv6: "128" is not a prefix'],
  ['nobody', { peers: {} }, 'spec.bgp.peers: selects no BgpPeer; write names or a selector'],
  ['a broken selector', { peers: { selector: { matchExpressions: [{ key: 'a' }] } } }, 'spec.bgp.peers.selector.match'],
  ['another shape', { communities: 'no-export', peers: [] }, 'spec.bgp.communities: "no-export" is not a list'],
])('%s is refused', (_, bgp, sentence) => {
  const result = parseEip(withBgp(bgp));
  expect(result.ok ? '' : formatProblems(result.problems)).toContain(sentence);
});

it('on layer 2 the field has no effect, and need not be right', () => {
  const raw = withBgp({ med: -1 }, { protocol: 'layer2' });
  expect(parseEip(raw).ok).toBe(true);
  expect(unsupportedEipFields(raw)).toEqual([
    'spec.bgp has no effect with protocol layer2 or vip, which have no routes; remove the field',
  ]);
});

it.each<[string, object, string[]]>([
  ['a length for both families', { aggregation: { ipv4: 24, ipv6: 64 } }, []],
  [
    'a length for the other family alone',
    { aggregation: { ipv6: 64 } },
    ['spec.bgp.aggregation.ipv6 has no effect, since the addresses are IPv4; write ipv4, or remove the field'],
  ],
  [
    'no host routes, and no aggregate',
    { aggregation: { hostRoutes: false } },
    ['spec.bgp.aggregation.hostRoutes: "false" has no effect without a prefix length; write ipv4 beside it'],
  ],
])('%s: what has no effect is told', (_, bgp, sentences) => {
  expect(unsupportedEipFields(withBgp(bgp))).toEqual(sentences);
});

describe('advice', () => {
  const peers = [aBgpPeer('tor-1', {}, { labels: { rack: 'a' } }), aBgpPeer('tor-2')];
  const other = (bgp: object, address: string) => ({ ...parsed(bgp, { address }), name: 'other' });
  it.each<[string, Eip, Eip[], (string | RegExp)[]]>([
    ['nothing to say', parsed({ communities: ['no-export'], med: 5 }), [], []],
    [
      'local preference',
      parsed({ localPref: 200 }),
      [],
      [
        'spec.bgp.localPref: only routers of the same AS as the nodes get it (RFC 4271); for routers of another AS set med, asPathPrepend or a community',
      ],
    ],
    [
      'prepending',
      parsed({ asPathPrepend: 1 }),
      [],
      ['spec.bgp.asPathPrepend: only for routers of another AS; a router of the same AS would take it for a loop'],
    ],
    ['an aggregate of just the Eip', parsed({ aggregation: { ipv4: 24 } }), [], []],
    ['aggregates within the Eip', parsed({ aggregation: { ipv4: 28 } }), [], []],
    [
      'an aggregate beyond the Eip',
      parsed({ aggregation: { ipv4: 23 } }),
      [],
      [
        'spec.bgp.aggregation.ipv4: 198.51.100.0/23 has addresses that are not of this Eip (198.51.100.0-198.51.100.255); routers send the packets for these to the nodes, too',
      ],
    ],
    [
      'aggregates beyond both ends of the Eip',
      parsed({ aggregation: { ipv4: 25 } }, { address: '198.51.100.1-198.51.100.200' }),
      [],
      [/198\.51\.100\.0\/25 and 198\.51\.100\.128\/25 has addresses that are not of this Eip/],
    ],
    [
      'an aggregate beyond an address',
      parsed({ aggregation: { ipv6: 64 } }, { address: '2001:db8::7' }),
      [],
      [/2001:db8::\/64 has addresses/],
    ],
    [
      'the aggregate of another Eip, with other attributes',
      parsed({ aggregation: { ipv4: 23 }, med: 5 }, { address: '198.51.100.0/23' }),
      [other({ aggregation: { ipv4: 23 } }, '198.51.101.0/24')],
      [/Eip other has the same aggregate with other attributes or peers; while both announce it, the Eip whose name/],
    ],
    [
      'the aggregate of another Eip, with the same attributes; another aggregate',
      parsed({ aggregation: { ipv4: 24 } }),
      [
        other({ aggregation: { ipv4: 24 } }, '198.51.100.0/24'),
        other({ aggregation: { ipv4: 24 }, med: 5 }, '203.0.113.0/24'),
      ],
      [],
    ],
    ['peers that are there', parsed({ peers: { names: ['tor-2'], selector: { matchLabels: { rack: 'a' } } } }), [], []],
    [
      'peers of which one is not there',
      parsed({ peers: { names: ['tor-1', 'tor-9'] } }),
      [],
      ['spec.bgp.peers.names: there is no BgpPeer "tor-9"'],
    ],
    [
      'labels that no peer has',
      parsed({ peers: { selector: { matchLabels: { rack: 'z' } } } }),
      [],
      ['spec.bgp.peers: selects no BgpPeer that exists, so no router gets the routes'],
    ],
  ])('%s', (_, eip, others, sentences) => {
    const said = eipBgpAdvice(eip, peers, others);
    expect(said).toHaveLength(sentences.length);
    for (const [i, sentence] of sentences.entries()) expect(said[i]).toMatch(sentence);
  });
});
