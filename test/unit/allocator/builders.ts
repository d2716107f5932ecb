/** The objects that the tests of the allocator are made of, and stores that a test fills by hand. */
import type { Stores } from '../../../allocator/cluster/stores.ts';
import type { EipObject } from '../../../lib/api/eip/eip-types.ts';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { Namespace, Service } from '../../../lib/api/service/service.ts';
import type { SpeakerSession } from '../../../lib/api/skycap/speaker-types.ts';
import type { Store } from '../../../lib/kube/cache/store.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import type { Crd } from '../../../lib/kube/crd.ts';
import { KubeError } from '../../../lib/kube/errors.ts';
import { HandStore } from '../../support/hand-store.ts';

export { addr, addressRequest, claim, eip, holder } from '../lib/ipam/builders.ts';

export const NOW_MS = Date.parse('2026-01-02T00:00:00Z');

/** A Service of ours, `shop/front`, that wants one IPv4 address and publishes none. */
export function service(
  differs: {
    readonly name?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly metadata?: Partial<Service['metadata']>;
    readonly spec?: Service['spec'];
    readonly published?: readonly string[];
    readonly conditions?: NonNullable<Service['status']>['conditions'];
  } = {},
): Service {
  const name = differs.name ?? 'front';
  return {
    metadata: {
      namespace: 'shop',
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb', ...differs.annotations },
      ...(differs.labels && { labels: differs.labels }),
      ...differs.metadata,
    },
    spec: {
      type: 'LoadBalancer',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      clusterIPs: ['10.96.0.1'],
      externalTrafficPolicy: 'Cluster',
      selector: { app: 'web' },
      ports: [{ port: 80, protocol: 'TCP' }],
      ...differs.spec,
    },
    status: {
      loadBalancer: { ingress: (differs.published ?? []).map((ip) => ({ ip, ipMode: 'VIP' })) },
      ...(differs.conditions && { conditions: differs.conditions }),
    },
  };
}

export function eipObject(name: string, address: string, differs: Partial<EipObject> = {}): EipObject {
  const { metadata, spec, ...rest } = differs;
  return {
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: { address, ...spec },
    ...rest,
  };
}

export const EIP_CRD = crd('eips.network.kubesphere.io');
export const CLAIM_CRD = crd('eipclaims.skycap.io');

function crd(name: string): Crd {
  return {
    metadata: { name, uid: `uid-${name}`, creationTimestamp: '2025-12-01T00:00:00Z' },
    status: { conditions: [{ type: 'Established', status: 'True' }] },
  };
}

/** An API server that has these objects, the CRD of the claims, and no others. */
export function apiServer(...objects: readonly KubeObject[]): KubeClient {
  const refusal = new KubeError('get', { statusCode: 404, reason: 'NotFound', statusMessage: 'not found' });
  const get = async (_: unknown, { name }: { readonly name: string }): Promise<KubeObject> => {
    const found = [CLAIM_CRD, ...objects].find(({ metadata }) => metadata.name === name);
    if (!found) throw refusal;
    return found;
  };
  return { get } as unknown as KubeClient;
}

/** A session with the BgpPeer `router`. */
export const ESTABLISHED: SpeakerSession = {
  peer: 'router',
  neighborAddress: '192.0.2.1',
  neighborAs: 64513,
  localAs: 64512,
  state: 'Established',
  routesSent: 3,
  disabled: false,
};

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): Namespace {
  return { metadata: { name, labels } };
}

export type HandStores = {
  readonly [K in keyof Stores]: Stores[K] extends Store<infer T extends KubeObject> ? HandStore<T> : never;
};

export function handStores(): HandStores {
  return {
    services: new HandStore(),
    namespaces: new HandStore<Namespace>().put(namespace('shop')),
    eips: new HandStore(),
    claims: new HandStore(),
    labelledSlices: new HandStore(),
    foreignSlices: new HandStore(),
    nodes: new HandStore(),
    bgpPeers: new HandStore(),
    bgpConfs: new HandStore(),
    configMaps: new HandStore(),
    serviceCidrs: new HandStore(),
    speakers: new HandStore(),
  };
}
