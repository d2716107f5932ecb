/** The kinds that Skycap reads and writes, with their paths in the API. */
import type { BgpConfObject, BgpPeerObject } from '../api/bgp/bgp-types.ts';
import type { EipObject } from '../api/eip/eip-types.ts';
import { OPENELB_GROUP, SKYCAP_GROUP } from '../api/keys.ts';
import type { KubeObject } from '../api/meta/object.ts';
import type { ConfigMap } from '../api/policy/find-policy.ts';
import type { EndpointSlice, Namespace, Node, Pod, Secret, Service, ServiceCidr } from '../api/service/service.ts';
import type { AddressHistory } from '../api/skycap/address-history.ts';
import type { EipClaim } from '../api/skycap/claim.ts';
import type { SpeakerObject } from '../api/skycap/speaker-types.ts';

/** `T` is the type of the API server's answers. */
export interface Resource<T extends KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Never present; has the type. */
  readonly object?: T;
}

const core = { group: '', version: 'v1' };
const openelb = { group: OPENELB_GROUP, version: 'v1alpha2', namespaced: false };
const skycap = { group: SKYCAP_GROUP, version: 'v1alpha1', namespaced: false };

export const SERVICES: Resource<Service> = { ...core, kind: 'Service', plural: 'services', namespaced: true };
export const NAMESPACES: Resource<Namespace> = { ...core, kind: 'Namespace', plural: 'namespaces', namespaced: false };
export const PODS: Resource<Pod> = { ...core, kind: 'Pod', plural: 'pods', namespaced: true };
export const CONFIG_MAPS: Resource<ConfigMap> = { ...core, kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
export const SECRETS: Resource<Secret> = { ...core, kind: 'Secret', plural: 'secrets', namespaced: true };
export const NODES: Resource<Node> = { ...core, kind: 'Node', plural: 'nodes', namespaced: false };
export const SERVICE_CIDRS: Resource<ServiceCidr> = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  namespaced: false,
};
export const ENDPOINT_SLICES: Resource<EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
};
/** Calico's; `lib/reach/calico.ts` reads a part of the object. */
export const CALICO_BGP_CONFIGURATIONS: Resource<KubeObject> = {
  group: 'crd.projectcalico.org',
  version: 'v1',
  kind: 'BGPConfiguration',
  plural: 'bgpconfigurations',
  namespaced: false,
};
export const EIPS: Resource<EipObject> = { ...openelb, kind: 'Eip', plural: 'eips' };
export const BGP_CONFS: Resource<BgpConfObject> = { ...openelb, kind: 'BgpConf', plural: 'bgpconfs' };
export const BGP_PEERS: Resource<BgpPeerObject> = { ...openelb, kind: 'BgpPeer', plural: 'bgppeers' };
export const EIP_CLAIMS: Resource<EipClaim> = { ...skycap, kind: 'EipClaim', plural: 'eipclaims' };
export const ADDRESS_HISTORIES: Resource<AddressHistory> = {
  ...skycap,
  kind: 'AddressHistory',
  plural: 'addresshistories',
};
export const SPEAKERS: Resource<SpeakerObject> = { ...skycap, kind: 'Speaker', plural: 'speakers' };
