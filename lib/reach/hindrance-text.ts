/** Why no node announces an address, as a sentence with its remedy. PURE. The sentence has only facts that seldom change, since the conditions of many Services have it. */
import { localNodes } from '../announce/endpoints.ts';
import type { Eip } from '../api/eip/eip.ts';
import { interfacesText } from '../api/eip/interface-selector.ts';
import { protocolOf, protocolOffText } from '../api/eip/protocols.ts';
import { EXCLUDE_NODE_LABEL } from '../api/keys.ts';
import { labelSelectorText } from '../api/meta/label-selector.ts';
import { quote } from '../api/problem.ts';
import type { Reason } from '../api/reasons.ts';
import type { EipReach, Standing } from './eip-reach.ts';
import type { SharingService } from './service-reach.ts';

export type Hindrance = Exclude<Standing, 'Announced'>;

/** More nodes than this are counted, and not named. */
const MOST_NAMED = 3;

/** The Service of the sentence, and the obstacles of the nodes. */
export interface Regarding {
  readonly sharer: SharingService;
  readonly reach: Pick<EipReach, 'standing' | 'standings'>;
}

/** @param of absent for a sentence about the Eip. */
export function hindranceText(hindrance: Hindrance, eip: Eip, of?: Regarding): string {
  if (hindrance === 'NoLocalEndpoints') return noLocalEndpointText(of);
  // With `Local` other nodes may come further, and do not count.
  const nodes = of?.sharer.isLocal && of.reach.standing !== hindrance ? namesOf(of.sharer) : [];
  if (nodes.length === 0) return TEXTS[hindrance](eip);
  const named = nodes.length > MOST_NAMED ? `${nodes.length} of them` : nodes.join(', ');
  return `on the nodes with a ready endpoint (${named}): ${TEXTS[hindrance](eip)}`;
}

/** Of the addresses of an Eip. */
export const CALICO = 'Calico announces it, by spec.serviceLoadBalancerIPs of BGPConfiguration default';

const TEXTS: Readonly<Record<Exclude<Hindrance, 'NoLocalEndpoints'>, (eip: Eip) => string>> = {
  NoSpeaker: () => 'no node has a speaker; look at the DaemonSet skycap-speaker',
  ProtocolOff: (eip) => protocolOffText(protocolOf(eip)),
  NodeLeaving: () => 'every node with a speaker is being deleted, shut down or taken out of service',
  NodeExcluded: () => `no node is left: those that stay have the label ${EXCLUDE_NODE_LABEL}; remove it from one`,
  NodeNotSelected: ({ name, nodeSelector }) =>
    `spec.nodeSelector of Eip ${name} (${labelSelectorText(nodeSelector)}) selects no node that may announce it; change it, or label a node`,
  NodeHasNoAddressOfFamily: ({ range }) =>
    `no node that may announce it has an InternalIP of IPv${range.family}; give one to a node`,
  NoInterface: ({ name, interfaces }) =>
    interfaces.length > 0
      ? `no node that may have it has an interface that is up and matches spec.interface ${quote(interfacesText(interfaces))} of Eip ${name}; change it, or spec.nodeSelector`
      : `no node that may have it has an interface that is up and has its InternalIP; set spec.interface of Eip ${name}`,
  PacketSocketDenied: () => 'the speakers may not open packet sockets; give them the capability NET_RAW',
  NoEndpoints: ({ name }) => `the Service has no ready endpoint, and Eip ${name} says whenNoEndpoints: Withdraw`,
  NodeLost: () => 'Kubernetes hears nothing of the nodes that may announce it; look at the nodes',
  SpeakerStopping: () =>
    'the speaker has ended on every node that may announce it; look at the DaemonSet skycap-speaker',
  NodeInMaintenance: () =>
    'every node that may announce it is in maintenance; remove the annotation skycap.io/maintenance from one, or uncordon one',
  NoBgpConf: () => 'there is no valid BgpConf named default; create or mend it',
  AnnouncedByCni: () => 'a CNI speaks BGP, says a label of BgpConf default',
  AnnouncedByCalico: () => `${CALICO}, and no node has a session of Skycap with a router that is to get it`,
  NoSessions: ({ name, range, bgp }) =>
    (bgp?.peers.length ?? 0) > 0
      ? `no node that may announce it has a session for IPv${range.family} with a router that is to get it, by spec.bgp.peers of Eip ${name} or skycap.io/bgp-peers; change these, or create a BgpPeer`
      : `no node that may announce it has a session with a router for IPv${range.family}; create a BgpPeer, or see the conditions of the Speakers`,
  PeerDisabled: () => 'every session is shut down by spec.conf.adminDown of its BgpPeer; set it to false',
  SessionsDown: () => 'no session with a router is established; see the conditions of the BgpPeers',
  PortInUse: () =>
    'another program has the port of BGP on the nodes that may announce it; the conditions of the Speakers say which',
  BirdUnreachable: () => 'whether a session is up is not known, since BIRD does not answer; see kubectl get speakers',
};

function noLocalEndpointText(of: Regarding | undefined): string {
  const local = 'externalTrafficPolicy is Local, and';
  const nodes = of ? namesOf(of.sharer) : [];
  if (!of || nodes.length === 0) {
    return of?.sharer.places.usable ? `${local} the endpoints name no node` : `${local} no endpoint is ready`;
  }
  // The reason for which a node may not announce the address.
  const named = nodes.map((name) => `${name} (${of.reach.standings.get(name) ?? 'NoSpeaker'})`).join(', ');
  const where = nodes.length > MOST_NAMED ? `on ${nodes.length} others` : `on ${named}`;
  return `${local} no node that may announce it has a ready endpoint: they are ${where}`;
}

function namesOf({ places }: SharingService): string[] {
  return [...localNodes(places)].sort();
}

/**
 * Why the traffic to an announced address ends at the node: another Service of the address has endpoints, or the owner goes on without. A missing endpoint of a `Cluster`
 * Service is the same on every node, and Kubernetes shows it.
 *
 * @returns undefined if the traffic has an endpoint.
 */
export function idleText(of: Regarding): string | undefined {
  const { isLocal, places } = of.sharer;
  return isLocal && localNodes(places).size === 0 ? noLocalEndpointText(of) : undefined;
}

/** The reason, for an Eip or for a Service. */
export function reasonOf(hindrance: Hindrance): Reason {
  return hindrance === 'NodeExcluded' ? 'AllNodesExcluded' : hindrance;
}
