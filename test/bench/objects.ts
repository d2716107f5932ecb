/** The Services that the benchmark creates, and the EndpointSlice of each. Pure. */
import type { EndpointSlice, Service } from '../../lib/api/service/service.ts';

/** `ours` asks Skycap for an address; nobody serves the class of `bare`. They are the same but for that. */
export type Kind = 'ours' | 'bare';
export type ServiceSpec = NonNullable<Service['spec']>;

/** The label by which kube-proxy leaves a Service and its slices to another proxy. */
const NOT_FOR_KUBE_PROXY = { 'service.kubernetes.io/service-proxy-name': 'bench' };

interface Names {
  readonly name: string;
  readonly namespace: string;
  readonly eip: string;
}

export function serviceOf(kind: Kind, { name, namespace, eip }: Names, spec: Partial<ServiceSpec>): Service {
  const wholeSpec: ServiceSpec & { readonly allocateLoadBalancerNodePorts: boolean } = {
    type: 'LoadBalancer',
    allocateLoadBalancerNodePorts: false,
    ...(kind === 'bare' && { loadBalancerClass: 'example.com/bare' }),
    ports: [{ port: 80 }],
    ...spec,
  };
  return {
    metadata: {
      name,
      namespace,
      labels: NOT_FOR_KUBE_PROXY,
      ...(kind === 'ours' && {
        annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb', 'eip.openelb.kubesphere.io/v1alpha2': eip },
      }),
    },
    spec: wholeSpec,
  };
}

/** The slice as the EndpointSlice controller would write it for one ready Pod on `n1`. */
export function sliceOf({ metadata }: Service): EndpointSlice {
  const slice: EndpointSlice & { readonly ports: readonly object[] } = {
    metadata: {
      name: metadata.name!,
      namespace: metadata.namespace!,
      labels: {
        ...NOT_FOR_KUBE_PROXY,
        'kubernetes.io/service-name': metadata.name!,
        'endpointslice.kubernetes.io/managed-by': 'bench',
      },
    },
    addressType: 'IPv4',
    ports: [{ port: 8080 }],
    endpoints: [{ addresses: ['10.244.1.250'], nodeName: 'n1', conditions: conditions(true) }],
  };
  return slice;
}

export function withReady(slice: EndpointSlice, ready: boolean): EndpointSlice {
  return {
    ...slice,
    endpoints: (slice.endpoints ?? []).map((endpoint) => ({ ...endpoint, conditions: conditions(ready) })),
  };
}

function conditions(ready: boolean) {
  return { ready, serving: ready, terminating: false };
}
