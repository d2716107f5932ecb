/** Which nodes announce the addresses of an Eip, or can have them, and what is missing where none does. */
import { eipAnnouncedCondition } from '../../../../allocator/announced/eip-announced.ts';
import type { Eip } from '../../../../lib/api/eip/eip.ts';
import { type PeerSelection, PLAIN_BGP } from '../../../../lib/api/eip/eip-bgp.ts';
import { ALL_PROTOCOLS, parseProtocols } from '../../../../lib/api/eip/protocols.ts';
import type { SpeakerSession } from '../../../../lib/api/skycap/speaker-types.ts';
import { eipReach, type ReachFacts, reachText, type SpeakerNode } from '../../../../lib/reach/eip-reach.ts';
import { eip } from '../../allocator/builders.ts';
import { DOWN, speaker, speakerNode, UP } from './builders.ts';

const web = eip('web', '198.51.100.0/24');
const lan: Eip = { ...eip('lan', '203.0.113.0/24'), protocol: 'layer2', interfaces: [{ kind: 'name', name: 'ethX' }] };
const onRack: Eip['nodeSelector'] = [{ key: 'rack', operator: 'In', values: ['r1'] }];
const to = (...peers: PeerSelection[]): Eip => ({ ...web, bgp: { ...PLAIN_BGP, peers } });
const talks = (name: string, ...sessions: SpeakerSession[]) => speakerNode(name, { sessions });
const unknown = { type: 'SessionsEstablished', status: 'Unknown', reason: 'BirdUnreachable' } as const;
const taken = { type: 'SessionsEstablished', status: 'False', reason: 'PortInUse' } as const;
const mute = { type: 'Layer2', status: 'False', reason: 'PacketSocketDenied' } as const;
const at = { message: '', lastTransitionTime: '' };

function verdict(of: Eip, nodes: readonly SpeakerNode[], differs: Partial<ReachFacts> = {}): string {
  const familiesOf = (peer: string) => (peer === 'six-only' ? ([6] as const) : undefined);
  const { status, reason, message } = eipAnnouncedCondition(
    of,
    eipReach(of, {
      protocols: ALL_PROTOCOLS,
      nodes,
      familiesOf,
      labelsOf: (peer) => (peer === 'left' ? { rack: 'r1' } : undefined),
      bgpConf: 'usable',
      calico: [],
      ...differs,
    }),
  );
  return `${status} ${reason}: ${message}`;
}

describe('by BGP', () => {
  const many = Array.from({ length: 120 }, (_, i) => talks(`n${i}`, UP));
  const excluded = { node: { excluded: true } };
  it.each<[string, string, string]>([
    ['no speaker', verdict(web, []), 'False NoSpeaker: by bgp: no node has a speaker'],
    [
      'no BGP',
      verdict(web, [talks('a')], { protocols: parseProtocols('layer2') }),
      'False ProtocolOff: by bgp: bgp is off in this installation; add it to SKYCAP_PROTOCOLS',
    ],
    ['no session', verdict(web, [talks('a')]), 'False NoSessions: by bgp: no node that may announce it has a session'],
    [
      'Calico instead',
      verdict(web, [talks('a')], { calico: [web.range] }),
      'Unknown AnnouncedByCalico: by bgp: Calico',
    ],
    [
      'Calico without BGP',
      verdict(web, [talks('a')], { calico: [web.range], bgpConf: 'missing' }),
      'Unknown AnnouncedByC',
    ],
    [
      'Calico as well',
      verdict(web, [talks('a', UP)], { calico: [web.range] }),
      'True AnnouncedByCalico: by bgp from 1 node (a) to 1 BgpPeer (router); Calico announces its addresses too, by',
    ],
    ['Calico, down', verdict(web, [talks('a', DOWN)], { calico: [web.range] }), 'False SessionsDown'],
    ['no BgpConf', verdict(web, [talks('a')], { bgpConf: 'missing' }), 'False NoBgpConf'],
    ['a CNI has BGP', verdict(web, [talks('a')], { bgpConf: 'announcedByCni' }), 'Unknown AnnouncedByCni'],
    [
      'none up',
      verdict(web, [talks('a', DOWN), talks('b')]),
      'False SessionsDown: by bgp: no session with a router is',
    ],
    ['disabled', verdict(web, [talks('a', { ...UP, disabled: true })]), 'False PeerDisabled'],
    [
      'some up',
      verdict(web, [talks('b', UP, { ...UP, peer: 'left' }), talks('a', UP), talks('c', DOWN)]),
      'True Announced: by bgp from 2 nodes (a, b) to 2 BgpPeers (left, router)',
    ],
    ['many', verdict(web, many), 'True Announced: by bgp from 120 nodes to 1 BgpPeer (router)'],
    [
      'to a router of two, by name',
      verdict(to({ names: ['router'] }), [talks('a', UP, { ...UP, peer: 'left' })]),
      'True Announced: by bgp from 1 node (a) to 1 BgpPeer (router)',
    ],
    [
      'to a router of two, by label',
      verdict(to({ names: [], selector: onRack }), [talks('a', UP, { ...UP, peer: 'left' }), talks('b', UP)]),
      'True Announced: by bgp from 1 node (a) to 1 BgpPeer (left)',
    ],
    [
      'to a router whose session is down, beside another that is up',
      verdict(to({ names: ['left'] }), [talks('a', UP, { ...DOWN, peer: 'left' })]),
      'False SessionsDown',
    ],
    [
      'to no router that there is',
      verdict(to({ names: ['right'] }), [talks('a', UP)]),
      'False NoSessions: by bgp: no node that may announce it has a session for IPv4 with a router that is to get it, by spec.bgp.peers of Eip web',
    ],
    ['a router for IPv6 only', verdict(web, [talks('a', { ...UP, peer: 'six-only' })]), 'False NoSessions'],
    ['all excluded', verdict(web, [speakerNode('a', { sessions: [UP] }, excluded)]), 'False AllNodesExcluded'],
    [
      'leaving, or excluded',
      verdict(web, [
        speakerNode('a', { sessions: [UP] }, excluded),
        speakerNode('b', { sessions: [UP] }, { node: { leaving: true } }),
      ]),
      'False AllNodesExcluded',
    ],
    [
      'none selected',
      verdict({ ...web, nodeSelector: onRack }, [talks('a', UP)]),
      'False NodeNotSelected: by bgp: spec.nodeSelector of Eip web (rack=r1) selects no node that may announce it',
    ],
    [
      'the one that is selected has no session',
      verdict({ ...web, nodeSelector: onRack }, [
        talks('a', UP),
        speakerNode('b', { sessions: [DOWN] }, { node: { labels: { rack: 'r1' } } }),
      ]),
      'False SessionsDown',
    ],
    [
      'no address of the family',
      verdict(web, [speakerNode('a', { sessions: [UP] }, { node: { addresses: {} } })]),
      'False NodeHasNoAddressOfFamily: by bgp: no node that may announce it has an InternalIP of IPv4',
    ],
    ['lost', verdict(web, [speakerNode('a', { sessions: [UP] }, { isLost: true })]), 'False NodeLost'],
    ['ended', verdict(web, [speakerNode('a', { sessions: [UP], stopping: true })]), 'False SpeakerStopping'],
    [
      'BIRD does not answer',
      verdict(web, [speakerNode('a', { sessions: [UP], conditions: [{ ...unknown, ...at }] })]),
      'Unknown BirdUnreachable: by bgp: whether a session is up is not known',
    ],
    [
      'its port is taken',
      verdict(web, [speakerNode('a', { sessions: [DOWN], conditions: [{ ...taken, ...at }] }), talks('b', DOWN)]),
      'False PortInUse: by bgp: another program has the port of BGP',
    ],
    [
      'BIRD does not answer on one of two',
      verdict(web, [speakerNode('a', { sessions: [UP], conditions: [{ ...unknown, ...at }] }), talks('b', UP)]),
      'True Announced: by bgp from 1 node (b) to 1 BgpPeer (router)',
    ],
    [
      'by a session of another node',
      verdict(web, [talks('a', UP), talks('b'), speakerNode('c', {}, { isLost: true })], { sharedWith: () => [UP] }),
      'True Announced: by bgp from 2 nodes (a, b) to 1 BgpPeer (router)',
    ],
    ['for a CNI', verdict({ ...web, announcedByCni: true }, [talks('a', UP)]), 'False AnnouncedByCni'],
  ])('%s', (_, said, expected) => {
    expect(said.slice(0, expected.length)).toBe(expected);
  });
});

describe('on layer 2', () => {
  it.each<[string, string, string]>([
    [
      'nodes can',
      verdict(lan, [speakerNode('b', {}), speakerNode('a', {}), speakerNode('c', { layer2Unable: ['lan'] })]),
      'True Announced: by layer2: 2 nodes (a, b) can have its addresses, one at a time',
    ],
    [
      'a typo in spec.interface',
      verdict(lan, [speakerNode('a', { layer2Unable: ['lan'] }), speakerNode('b', { layer2Unable: ['lan', 'x'] })]),
      'False NoInterface: by layer2: no node that may have it has an interface that is up and matches spec.interface "ethX" of Eip lan',
    ],
    [
      'no spec.interface',
      verdict({ ...lan, interfaces: [] }, [speakerNode('a', { layer2Unable: ['lan'] })]),
      'False NoInterface: by layer2: no node that may have it has an interface that is up and has its InternalIP',
    ],
    [
      'the one that is selected has no interface',
      verdict({ ...lan, nodeSelector: onRack }, [
        speakerNode('a', {}),
        speakerNode('b', { layer2Unable: ['lan'] }, { node: { labels: { rack: 'r1' } } }),
      ]),
      'False NoInterface',
    ],
    [
      'no packet sockets',
      verdict(lan, [speakerNode('a', { conditions: [{ ...mute, ...at }] })]),
      'False PacketSocketDenied: by layer2: the speakers may not open packet sockets',
    ],
    ['without BGP', verdict(lan, [speakerNode('a', {})], { bgpConf: 'missing' }), 'True Announced'],
  ])('%s', (_, said, expected) => {
    expect(said.slice(0, expected.length)).toBe(expected);
  });
});

it('a reach depends on no count and on no state but Established', () => {
  const a = speaker('a', { sessions: [UP, DOWN] });
  const more = [
    { ...UP, routesSent: 9, since: 'x' },
    { ...DOWN, state: 'Connect', lastError: 'x' },
  ] as const;
  expect(reachText(speaker('a', { sessions: more, announcedAddresses: 7 }))).toBe(reachText(a));
  for (const other of [{ sessions: [UP, UP] }, { sessions: [UP, DOWN], stopping: true }]) {
    expect(reachText(speaker('a', other))).not.toBe(reachText(a));
  }
});
