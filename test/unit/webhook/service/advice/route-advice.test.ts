/** What kubectl shows of annotations for BGP, and of an aggregate that takes packets where no endpoint is. */
import { parseEip } from '../../../../../lib/api/eip/parse-eip.ts';
import { aggregateWarnings, routeOverrideWarnings } from '../../../../../webhook/service/advice/route-advice.ts';
import { aBgpPeer } from '../../../../support/speaker-builders.ts';
import { eipObject, service } from '../../builders.ts';

const eip = (bgp: object) => {
  const parsed = parseEip(eipObject('web', '198.51.100.0/24', { bgp }));
  return parsed.ok ? [parsed.value] : [];
};
const COMMUNITIES = { 'skycap.io/bgp-communities': '65000:1' };
const PEERS = { 'skycap.io/bgp-peers': 'tor-1,tor-9' };
const OPEN = { allowServiceOverrides: { communities: true, peers: true } };
const peers = [aBgpPeer('tor-1'), aBgpPeer('tor-2')];

it.each<[string, Record<string, string>, object, (string | RegExp)[]]>([
  ['nothing asked for', {}, {}, []],
  ['allowed', COMMUNITIES, OPEN, []],
  [
    'not allowed',
    COMMUNITIES,
    {},
    [
      'skycap.io/bgp-communities has no effect: Eip web does not allow it; set its spec.bgp.allowServiceOverrides.communities: true, or remove the annotation (OverrideNotAllowed)',
    ],
  ],
  [
    'a BgpPeer that is not there',
    PEERS,
    OPEN,
    ['skycap.io/bgp-peers: no BgpPeer that gets routes of Eip web is named "tor-9"'],
  ],
  [
    'BgpPeers that the Eip does not select',
    PEERS,
    { ...OPEN, peers: { names: ['tor-2'] } },
    ['skycap.io/bgp-peers: no BgpPeer that gets routes of Eip web is named "tor-1", "tor-9"'],
  ],
  ['BgpPeers, and no leave to name any', PEERS, {}, [/^skycap.io\/bgp-peers has no effect: .*\(OverrideNotAllowed\)$/]],
])('%s', (_, annotations, bgp, sentences) => {
  const said = routeOverrideWarnings(service(annotations), eip(bgp), peers);
  expect(said).toHaveLength(sentences.length);
  for (const [i, sentence] of sentences.entries()) expect(said[i]).toMatch(sentence);
});

it.each([
  ['Local', { aggregation: { ipv4: 24, hostRoutes: false } }, 1],
  ['Local', { aggregation: { ipv4: 24 } }, 0],
  ['Cluster', { aggregation: { ipv4: 24, hostRoutes: false } }, 0],
] as const)('%s with %j: %d warning', (externalTrafficPolicy, bgp, count) => {
  const said = aggregateWarnings(service({}, { externalTrafficPolicy }), eip(bgp));
  expect(said).toHaveLength(count);
  for (const text of said)
    expect(text).toMatch(/announces an aggregate alone .*: routers also send packets to nodes without an endpoint/);
});
