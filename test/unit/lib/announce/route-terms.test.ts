/** On which terms an address is announced, and why annotations of a Service have no effect on them. */
import fc from 'fast-check';
import { overrideFindings } from '../../../../lib/announce/override-findings.ts';
import { oldestOf, routeTerms } from '../../../../lib/announce/route-terms.ts';
import { communityKey } from '../../../../lib/api/eip/community.ts';
import type { Eip } from '../../../../lib/api/eip/eip.ts';
import { selectsPeer } from '../../../../lib/api/eip/eip-bgp.ts';
import { parseEip } from '../../../../lib/api/eip/parse-eip.ts';
import type { Service } from '../../../../lib/api/service/service.ts';
import { anEip } from '../../../support/speaker-builders.ts';

const BOTH = { communities: true, peers: true };

function eipWith(bgp: object, spec: object = {}): Eip {
  const parsed = parseEip(anEip('web', { address: '198.51.100.0/24', bgp, ...spec }));
  if (!parsed.ok) throw new Error('Cannot go on: the Eip was refused');
  return parsed.value;
}

function service(annotations: Record<string, string> = {}, metadata: object = {}): Service {
  const named = Object.entries(annotations).map(([key, value]) => [`skycap.io/bgp-${key}`, value]);
  return { metadata: { name: 'web', namespace: 'shop', annotations: Object.fromEntries(named), ...metadata } };
}

function termsOf(bgp: object, annotations: Record<string, string>): string {
  const { attributes, peers } = routeTerms(eipWith(bgp).bgp, service(annotations));
  const receivers = ['a', 'b', 'c'].filter((name) => selectsPeer(peers, { name, labels: { is: name } }));
  return `${attributes.communities.map(communityKey).join(', ')} to ${receivers.join(',')}`;
}

it.each<[string, object, Record<string, string>, string]>([
  ['nothing', {}, {}, ' to a,b,c'],
  ['the Eip alone', { communities: ['65000:1'], peers: { names: ['a'] } }, {}, 'standard 65000 1 to a'],
  [
    'what is not allowed has no effect',
    { communities: ['65000:1'] },
    { communities: '65000:2', peers: 'a' },
    'standard 65000 1 to a,b,c',
  ],
  [
    'communities are added to those of the Eip',
    { communities: ['65000:1'], allowServiceOverrides: { communities: true } },
    { communities: '65000:2,65000:1', peers: 'a' },
    'standard 65000 1, standard 65000 2 to a,b,c',
  ],
  ['peers are chosen among all', { allowServiceOverrides: BOTH }, { peers: 'b,c' }, ' to b,c'],
  [
    'peers are chosen among those of the Eip, and no other gets the routes',
    { peers: { names: ['a'], selector: { matchLabels: { is: 'b' } } }, allowServiceOverrides: BOTH },
    { peers: 'b,c' },
    ' to b',
  ],
  ['what can not be read has no effect', { allowServiceOverrides: BOTH }, { communities: 'x' }, ' to a,b,c'],
])('terms: %s', (_, bgp, annotations, terms) => {
  expect(termsOf(bgp, annotations)).toBe(terms);
});

it('no annotation takes a community of the Eip away, or brings a route to a BgpPeer that the Eip does not select', () => {
  const text = fc.oneof(fc.constantFrom('65000:2', 'no-export', 'a', 'b,c', ''), fc.string());
  fc.assert(
    fc.property(text, text, (communities, peers) => {
      const { attributes, peers: selections } = routeTerms(
        eipWith({ communities: ['65000:1'], peers: { names: ['a'] }, allowServiceOverrides: BOTH }).bgp,
        service({ communities, peers }),
      );
      expect(attributes.communities.map(communityKey)).toContain('standard 65000 1');
      expect(selectsPeer(selections, { name: 'b' })).toBe(false);
    }),
  );
});

it('of Services that share an address the oldest decides, whatever the order; names break a tie', () => {
  const at = (name: string, creationTimestamp?: string) => service({}, { name, creationTimestamp });
  const [first, tied, later, unborn] = [
    at('b', '2026-01-01T00:00:00Z'),
    at('c', '2026-01-01T00:00:00Z'),
    at('a', '2026-01-02T00:00:00Z'),
    at('0'),
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray([first, tied, later, unborn], { minLength: 4 }), ([one, ...others]) => {
      expect(oldestOf([one!, ...others])).toBe(first);
    }),
  );
});

describe('findings', () => {
  const web = eipWith({});
  const open = eipWith({ allowServiceOverrides: BOTH });
  const older = (annotations: Record<string, string>) =>
    service(annotations, { name: 'older', creationTimestamp: '2026-01-01T00:00:00Z' });
  const own = (annotations: Record<string, string>) =>
    service(annotations, { creationTimestamp: '2026-01-02T00:00:00Z' });
  it.each<[string, Service, Eip, Service[], string[]]>([
    ['nothing asked for', own({}), web, [older({ communities: '65000:1' })], []],
    ['all of it has its effect', own({ communities: '65000:1', peers: 'a' }), open, [], []],
    [
      'not allowed',
      own({ communities: '65000:1', peers: 'a' }),
      web,
      [],
      [
        'OverrideNotAllowed: skycap.io/bgp-communities has no effect: Eip web does not allow it; set its spec.bgp.allowServiceOverrides.communities: true, or remove the annotation',
        'OverrideNotAllowed: skycap.io/bgp-peers has no effect: Eip web does not allow it; set its spec.bgp.allowServiceOverrides.peers: true, or remove the annotation',
      ],
    ],
    [
      'layer 2',
      own({ peers: 'a' }),
      eipWith({}, { protocol: 'layer2' }),
      [],
      [
        'OverrideNotAllowed: skycap.io/bgp-peers has no effect: Eip web has protocol layer2, which has no routes; remove the annotation',
      ],
    ],
    [
      'malformed',
      own({ peers: 'A' }),
      open,
      [],
      ['InvalidRequest: skycap.io/bgp-peers: "A" is not the name of a BgpPeer; write names such as tor-1,tor-2'],
    ],
    [
      'an older Service decides',
      own({ communities: '65000:1' }),
      open,
      [older({})],
      [
        'OlderServiceDecides: of the Services that share the address, shop/older is the oldest, and its annotations for BGP count; write the same ones, or give this Service an address of its own',
      ],
    ],
    [
      'an older Service asks for the same',
      own({ communities: '65000:1' }),
      open,
      [older({ communities: '65000:1' })],
      [],
    ],
    ['a younger Service', older({ communities: '65000:1' }), open, [own({})], []],
  ])('%s', (_, of, eip, sharers, said) => {
    const findings = overrideFindings(of, [{ eip, sharers }]);
    expect(findings.map(({ reason, message }) => `${reason}: ${message}`)).toEqual(said);
  });
});
