/** The words of the condition `skycap.io/Announced` of a Service, and how long something must be so before it is told. */

import { announcedDelayMs } from '../../../../allocator/services/announced-delay.ts';
import { placesOf } from '../../../../lib/announce/endpoints.ts';
import type { Eip } from '../../../../lib/api/eip/eip.ts';
import { PLAIN_BGP } from '../../../../lib/api/eip/eip-bgp.ts';
import type { Condition } from '../../../../lib/api/meta/object.ts';
import type { Reason } from '../../../../lib/api/reasons.ts';
import {
  type AnnouncedFacts,
  announcedCondition,
  announcedFindings,
  type Conflict,
} from '../../../../lib/reach/decide-announced.ts';
import type { EipReach, Standing } from '../../../../lib/reach/eip-reach.ts';
import { anEndpoint, aSlice } from '../../../support/speaker-builders.ts';
import { addr, eip } from '../../allocator/builders.ts';

const v4 = eip('web', '198.51.100.0/24');
const v6 = eip('six', '2001:db8::/64');
const reach = (standing: Standing, node = 'n1'): EipReach => ({
  standing,
  standings: new Map([[node, standing]]),
  nodes: standing === 'Announced' ? [node] : [],
  peers: [],
  calico: 'none',
});
const sharer = (isLocal: boolean, ...nodes: (string | null)[]) => ({
  isLocal,
  places: placesOf([aSlice(nodes.map((on) => anEndpoint(on)))], 4),
});
const machine: Conflict = { address: '198.51.100.7', mac: '02:00:00:00:00:09', interface: 'eth0', seenBy: 'n1' };
const owner = { node: 'n2', interface: 'eth0' };

function words(
  addresses: readonly string[],
  differs: Partial<AnnouncedFacts> & { readonly of?: Partial<Eip>; readonly standing?: Standing } = {},
): string | undefined {
  const { of, standing = 'Announced', ...rest } = differs;
  const findings = announcedFindings({
    addresses: addresses.map(addr),
    isPublished: () => true,
    eipOf: ({ family }) => ({ ...(family === 4 ? v4 : v6), ...of }),
    ownerOf: () => undefined,
    conflictsOf: () => [],
    reachOf: () => reach(standing),
    sharersOf: () => [sharer(false, 'n1')],
    ...rest,
  });
  const verdict = announcedCondition(findings);
  return verdict && `${verdict.status} ${verdict.reason}: ${verdict.message}`;
}
const one = ['198.51.100.7'];
const two = ['198.51.100.7', '2001:db8::7'];
const onWire = { of: { protocol: 'layer2' } } as const;

it.each<[string, string | undefined, string | undefined]>([
  ['no address', words([]), undefined],
  ['BGP', words(one), 'True Announced: 198.51.100.7 by bgp, see Eip web'],
  [
    'BGP, both families',
    words(two),
    'True Announced: 198.51.100.7 by bgp, see Eip web; 2001:db8::7 by bgp, see Eip six',
  ],
  [
    'BGP, Local',
    words(one, { sharersOf: () => [sharer(true, 'n1')] }),
    'True Announced: 198.51.100.7 by bgp from each node with a ready endpoint, see Eip web',
  ],
  [
    'BGP, by a few nodes',
    words(one, {
      of: { bgp: { ...PLAIN_BGP, announcers: 2 } },
      reachOf: () => ({ ...reach('Announced'), nodes: ['n1', 'n2', 'n3'] }),
    }),
    'True Announced: 198.51.100.7 by bgp from nodes n1, n3, see Eip web',
  ],
  [
    'BGP, by a few nodes, Local',
    words(one, {
      of: { bgp: { ...PLAIN_BGP, announcers: 2 } },
      reachOf: () => ({ ...reach('Announced', 'n3'), nodes: ['n1', 'n2', 'n3'] }),
      sharersOf: () => [sharer(true, 'n3')],
    }),
    'True Announced: 198.51.100.7 by bgp from node n3, see Eip web',
  ],
  [
    'BGP, by nobody',
    words(one, { standing: 'SessionsDown' }),
    'False SessionsDown: 198.51.100.7 by bgp: no session with a router is established; see the conditions of the BgpPeers',
  ],
  [
    'BGP, Local, endpoints elsewhere',
    words(one, { sharersOf: () => [sharer(true, 'n3')] }),
    'False NoLocalEndpoints: 198.51.100.7 by bgp: externalTrafficPolicy is Local, and no node that may announce it has a ready endpoint: they are on n3 (NoSpeaker)',
  ],
  [
    'BGP, Local, endpoints without a node',
    words(one, { sharersOf: () => [sharer(true, null)] }),
    'False NoLocalEndpoints: 198.51.100.7 by bgp: externalTrafficPolicy is Local, and the endpoints name no node',
  ],
  [
    'BGP, Local, no endpoint',
    words(one, { sharersOf: () => [sharer(true)] }),
    'False NoLocalEndpoints: 198.51.100.7 by bgp: externalTrafficPolicy is Local, and no endpoint is ready',
  ],
  [
    'BGP, withdrawn',
    words(one, { of: { whenNoEndpoints: 'Withdraw' }, sharersOf: () => [sharer(false)] }),
    'False NoEndpoints: 198.51.100.7 by bgp: the Service has no ready endpoint, and Eip web says whenNoEndpoints: Withdraw',
  ],
  ['BGP, kept', words(one, { sharersOf: () => [sharer(false)] }), 'True Announced: 198.51.100.7 by bgp, see Eip web'],
  [
    'shared with a Service that has an endpoint',
    words(one, { of: { whenNoEndpoints: 'Withdraw' }, sharersOf: () => [sharer(false), sharer(false, 'n1')] }),
    'True Announced: 198.51.100.7 by bgp, see Eip web',
  ],
  [
    'BIRD does not answer',
    words(one, { standing: 'BirdUnreachable' }),
    'Unknown BirdUnreachable: 198.51.100.7 by bgp: whether a session is up is not known, since BIRD does not answer; see kubectl get speakers',
  ],
  [
    'layer 2 is off, whatever a Speaker says that is gone',
    words(one, { ...onWire, standing: 'ProtocolOff', ownerOf: () => owner, sharersOf: () => [sharer(true)] }),
    'False ProtocolOff: 198.51.100.7 by layer2: layer2 is off in this installation; add it to SKYCAP_PROTOCOLS (value protocols of the Helm chart)',
  ],
  [
    'layer 2',
    words(one, { ...onWire, ownerOf: () => owner }),
    'True Announced: 198.51.100.7 by layer2 from node n2, interface eth0',
  ],
  [
    'BGP, Local, the only nodes with an endpoint have no session, and others have',
    words(one, {
      reachOf: () => ({ ...reach('Announced', 'n2'), standings: new Map([['n1', 'NoSessions']]) }),
      sharersOf: () => [sharer(true, 'n1')],
    }),
    'False NoSessions: 198.51.100.7 by bgp: on the nodes with a ready endpoint (n1): no node that may announce it has a session with a router for IPv4; create a BgpPeer, or see the conditions of the Speakers',
  ],
  [
    'BGP, Local, endpoints only where it may not be announced',
    words(one, {
      reachOf: () => ({ ...reach('Announced', 'n2'), standings: new Map([['n1', 'NodeNotSelected']]) }),
      sharersOf: () => [sharer(true, 'n1')],
    })?.slice(-46),
    'a ready endpoint: they are on n1 (NodeNotSelected)'.slice(-46),
  ],
  [
    'BGP, Local, shared with a Service that has an endpoint, and without one of its own',
    words(one, { sharersOf: () => [sharer(true), sharer(true, 'n1')] }),
    'True Announced: 198.51.100.7 by bgp from each node with a ready endpoint, see Eip web, but externalTrafficPolicy is Local, and no endpoint is ready',
  ],
  [
    'layer 2, Local, kept without an endpoint',
    words(one, { ...onWire, ownerOf: () => owner, sharersOf: () => [sharer(true)] }),
    'True Announced: 198.51.100.7 by layer2 from node n2, interface eth0, but externalTrafficPolicy is Local, and no endpoint is ready',
  ],
  [
    'layer 2, Local, kept while the only endpoint is where nobody may have it',
    words(one, {
      ...onWire,
      ownerOf: () => owner,
      reachOf: () => ({ ...reach('Announced', 'n2'), standings: new Map([['n1', 'NoInterface']]) }),
      sharersOf: () => [sharer(true, 'n1')],
    }),
    'True Announced: 198.51.100.7 by layer2 from node n2, interface eth0, but externalTrafficPolicy is Local, and no node that may announce it has a ready endpoint: they are on n1 (NoInterface)',
  ],
  [
    'layer 2, one of two has no owner',
    words(two, { of: { protocol: 'vip' }, ownerOf: ({ family }) => (family === 4 ? owner : undefined) }),
    'False NoOwner: 198.51.100.7 by vip from node n2, interface eth0; 2001:db8::7 by vip: no node has it yet, though nodes may; look at the speakers',
  ],
  [
    'layer 2 and BGP in one Service',
    words(two, {
      eipOf: ({ family }) => (family === 4 ? v4 : { ...v6, protocol: 'layer2' }),
      ownerOf: () => owner,
    }),
    'True Announced: 198.51.100.7 by bgp, see Eip web; 2001:db8::7 by layer2 from node n2, interface eth0',
  ],
  [
    'layer 2, a machine has it and no node takes it',
    words(one, { ...onWire, conflictsOf: () => [machine] }),
    'False AddressConflict: 198.51.100.7 by layer2: no node takes it, since the machine 02:00:00:00:00:09 has it, seen on eth0 of n1; find it, or take the address out of the Eip',
  ],
  [
    'layer 2, a node of the cluster has it and no node takes it',
    words(one, { ...onWire, conflictsOf: () => [{ ...machine, node: 'n3' }] }),
    'False AddressConflict: 198.51.100.7 by layer2: no node takes it, since node n3 has it on its interface eth0 (02:00:00:00:00:09); remove it there',
  ],
  [
    'layer 2, a machine has it too',
    words(one, { ...onWire, ownerOf: () => owner, conflictsOf: () => [machine] }),
    'True AddressConflict: 198.51.100.7 by layer2 from node n2, interface eth0, but it is not alone: the machine 02:00:00:00:00:09 has it, seen on eth0 of n1; find it, or take the address out of the Eip',
  ],
  [
    'a machine has one of two, which are of BGP and of layer 2',
    words(two, {
      eipOf: ({ family }) => (family === 4 ? v4 : { ...v6, protocol: 'layer2' }),
      ownerOf: () => owner,
      conflictsOf: () => [machine],
    })?.slice(0, 20),
    'True AddressConflict',
  ],
  [
    'layer 2, no node may have it, and what was seen of a machine is not the cause',
    words(one, { ...onWire, standing: 'NodeNotSelected', conflictsOf: () => [machine] })?.slice(0, 21),
    'False NodeNotSelected',
  ],
  [
    'for a CNI',
    words(one, { of: { announcedByCni: true } }),
    'Unknown AnnouncedByCni: 198.51.100.7 is for a CNI to announce, says Eip web',
  ],
  [
    'in no Eip',
    words(one, { eipOf: () => undefined }),
    'Unknown EipNotFound: 198.51.100.7 is in no Eip that can be read; nodes that knew one may go on with it, others do not',
  ],
  [
    'written over by another controller time and again',
    words(one, { isPublished: () => false, contestedBy: '"rival"' }),
    'Unknown StatusContested: 198.51.100.7 by bgp, see Eip web, but only while it stands in status.loadBalancer, which "rival" writes over',
  ],
  [
    'written over, and announced by nobody either',
    words(one, { standing: 'SessionsDown', contestedBy: '"rival"' })?.slice(0, 18),
    'False SessionsDown',
  ],
  [
    'not in the status, as another controller took it out',
    words(one, { isPublished: () => false }),
    "False NotPublished: 198.51.100.7 is not in the Service's status, so no node announces it",
  ],
])('%s', (_, said, expected) => {
  expect(said).toBe(expected);
});

describe('how long it must be so before it is told', () => {
  const former = (status: Condition['status']) => ({ status }) as Condition;
  const verdict = (status: Condition['status'], reason: Reason) => ({ type: 'x', status, reason, message: '' });
  it.each<[string, number, number]>([
    ['it is announced', announcedDelayMs(former('False'), verdict('True', 'Announced')), 0],
    ['it was, and is not', announcedDelayMs(former('True'), verdict('False', 'SessionsDown')), 5_000],
    ['it was, and nobody knows', announcedDelayMs(former('True'), verdict('Unknown', 'BirdUnreachable')), 5_000],
    ['new, and about to be taken', announcedDelayMs(undefined, verdict('False', 'NoOwner')), 3_000],
    ['new, and nobody can', announcedDelayMs(undefined, verdict('False', 'NoInterface')), 0],
    ['contested', announcedDelayMs(former('True'), verdict('Unknown', 'StatusContested')), 0],
    [
      'it goes on, with nothing behind it',
      announcedDelayMs(former('True'), { status: 'True', reason: 'Announced', idle: 'why' }),
      5_000,
    ],
    ['one of two was, and is not', announcedDelayMs(former('False'), verdict('False', 'SessionsDown'), true), 5_000],
    ['another reason than before', announcedDelayMs(former('False'), verdict('False', 'SessionsDown')), 0],
  ])('%s', (_, ms, expected) => {
    expect(ms).toBe(expected);
  });
});
