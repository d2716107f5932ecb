/**
 * Whether a node may announce an address of a Service, by BGP or on layer 2: named checks in order, the first "no" is the reason. By BGP all nodes
 * that may do it; on layer 2 one of them does (`lib/layer2/decide-owner.ts`).
 *
 * Announced is exactly what the allocator published in `status.loadBalancer`, and only while an Eip still
 * vouches for it; annotations are never believed.
 */
import { type Eip, isLayer2 } from '../api/eip/eip.ts';
import { matchesLabels } from '../api/meta/label-selector.ts';
import type { Parsed } from '../api/problem.ts';
import type { Reason } from '../api/reasons.ts';
import type { Service } from '../api/service/service.ts';
import type { Address } from '../net/address.ts';
import { rangeContains } from '../net/range.ts';
import type { EndpointView } from './endpoints.ts';
import type { NodeState } from './node-state.ts';

export interface Candidate {
  readonly by: 'bgp' | 'layer2';
  readonly service: Service;
  readonly address: Address;
  /** The Eip that answers for the address; undefined when there is none. */
  readonly eip: Parsed<Eip> | undefined;
  readonly node: NodeState;
  /** Of the Service, for the family of the address. */
  readonly endpoints: EndpointView;
}

/** The facts that decide whether a node may announce addresses of an Eip, whichever Service has them. */
export type Place = Pick<Candidate, 'node' | 'eip' | 'address'>;

type Check = (candidate: Candidate) => Reason | undefined;

const CHECKS: readonly Check[] = [
  // The Service wants it, and its Eip says that it may.
  isLoadBalancer,
  eipVouches,
  // The node may attract traffic, and can be a next hop.
  nodeRefusal,
  // Traffic that arrives here would find an endpoint.
  hasLocalEndpoint,
  hasAnyEndpoint,
];

/** @returns `Announced`, or why not. */
export function announceReason(candidate: Candidate): Reason {
  for (const check of CHECKS) {
    const refusal = check(candidate);
    if (refusal) return refusal;
  }
  return 'Announced';
}

export function nodeRefusal(place: Place): Reason | undefined {
  return nodeTakesPart(place) ?? nodeIsSelected(place) ?? nodeHasFamily(place);
}

function isLoadBalancer({ service }: Candidate): Reason | undefined {
  return service.spec?.type === 'LoadBalancer' ? undefined : 'NotLoadBalancer';
}

function eipVouches({ by, eip, address }: Candidate): Reason | undefined {
  if (!eip) return 'EipNotFound';
  if (!eip.ok) return 'EipInvalid';
  if (!rangeContains(eip.value.range, address)) return 'AddressOutsideEip';
  if (isLayer2(eip.value) !== (by === 'layer2')) return 'OtherProtocol';
  return eip.value.announcedByCni ? 'AnnouncedByCni' : undefined;
}

function nodeTakesPart({ node }: Place): Reason | undefined {
  if (node.leaving) return 'NodeLeaving';
  return node.excluded ? 'NodeExcluded' : undefined;
}

function nodeIsSelected({ node, eip }: Place): Reason | undefined {
  return eip?.ok && !matchesLabels(eip.value.nodeSelector, node.labels) ? 'NodeNotSelected' : undefined;
}

function nodeHasFamily({ node, address }: Place): Reason | undefined {
  return node.addresses[address.family] ? undefined : 'NodeHasNoAddressOfFamily';
}

/**
 * `Local`: a ready endpoint here. Where none is ready anywhere, nodes whose endpoints still serve while they terminate stay: better a
 * draining endpoint than none, and kube-proxy sends to it too.
 */
function hasLocalEndpoint({ service, endpoints }: Candidate): Reason | undefined {
  if (service.spec?.externalTrafficPolicy !== 'Local' || endpoints.localReady) return undefined;
  return endpoints.localDraining && !endpoints.readyOnSomeNode ? undefined : 'NoLocalEndpoints';
}

/** `Cluster` without any endpoint: kept so that clients are refused at once, or withdrawn so that another site can take over. */
function hasAnyEndpoint({ service, eip, endpoints }: Candidate): Reason | undefined {
  if (service.spec?.externalTrafficPolicy === 'Local' || endpoints.usable) return undefined;
  return eip?.ok && eip.value.whenNoEndpoints === 'Withdraw' ? 'NoEndpoints' : undefined;
}
