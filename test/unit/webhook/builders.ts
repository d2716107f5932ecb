/** Services, reviews and a situation in memory, for the tests of the webhook's decisions. */
import type { BgpPeerObject } from '../../../lib/api/bgp/bgp-types.ts';
import type { EipObject } from '../../../lib/api/eip/eip-types.ts';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { Node, Service, ServiceCidr } from '../../../lib/api/service/service.ts';
import type { EipClaim } from '../../../lib/api/skycap/claim.ts';
import type { SpeakerObject } from '../../../lib/api/skycap/speaker-types.ts';
import { ClusterState } from '../../../webhook/cluster/cluster-state.ts';
import { HandStore } from '../../support/hand-store.ts';

export const OURS = { 'lb.kubesphere.io/v1alpha1': 'openelb' };

/** A Service `shop/front` of ours, as it comes at its creation. */
export function service(annotations: Record<string, string> = {}, spec: Service['spec'] = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'front', namespace: 'shop', annotations: { ...OURS, ...annotations } },
    spec: { type: 'LoadBalancer', selector: { app: 'front' }, ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  };
}

/** The same, as the API server has it: with its uid, its families and its address. */
export function stored(annotations: Record<string, string> = {}, spec: Service['spec'] = {}): Service {
  const base = service({ 'skycap.io/addresses': '198.51.100.7', 'skycap.io/claim': 't1', ...annotations }, spec);
  return {
    ...base,
    metadata: { ...base.metadata, uid: 'u1', labels: { 'eip.openelb.kubesphere.io/v1alpha2': 'web' } },
    spec: {
      clusterIP: '10.96.0.7',
      clusterIPs: ['10.96.0.7'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ...base.spec,
    },
  };
}

export function eipObject(name: string, address: string, spec: object = {}, metadata: object = {}): EipObject {
  return {
    apiVersion: 'network.kubesphere.io/v1alpha2',
    kind: 'Eip',
    metadata: { name, uid: `uid-${name}`, creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: { address, ...spec },
  };
}

export function clusterStateOf(eips: readonly EipObject[], claims: readonly EipClaim[] = []) {
  const sources = {
    eips: new HandStore<EipObject>(),
    claims: new HandStore<EipClaim>(),
    namespaces: new HandStore<KubeObject>(),
    nodes: new HandStore<Node>(),
    bgpPeers: new HandStore<BgpPeerObject>(),
    serviceCidrs: new HandStore<ServiceCidr>(),
    speakers: new HandStore<SpeakerObject>(),
  };
  const cluster = new ClusterState({
    ...sources,
    primaryFamily: () => 4,
    isUnclaimedKnown: () => true,
    unmarkedServices: 'defaultEip',
  });
  sources.eips.put(...eips);
  sources.claims.put(...claims);
  return { cluster, sources };
}
