/** The kinds of other load balancers that the preflight reads. No field of these objects is sure to be there. */
import type { KubeObject } from '../../api/meta/object.ts';
import type { Resource } from '../../kube/resource.ts';

/** An object of another product: every field may have any value. */
export interface ForeignObject extends KubeObject {
  readonly spec?: Readonly<Record<string, unknown>>;
}

const calico = { group: 'crd.projectcalico.org', version: 'v1', namespaced: false };

export const METALLB_POOLS: Resource<ForeignObject> = {
  group: 'metallb.io',
  version: 'v1beta1',
  kind: 'IPAddressPool',
  plural: 'ipaddresspools',
  namespaced: true,
};
/** Cilium 1.18 added `v2`, and serves `v2alpha1` still. */
export const CILIUM_POOLS: Resource<ForeignObject> = {
  group: 'cilium.io',
  version: 'v2alpha1',
  kind: 'CiliumLoadBalancerIPPool',
  plural: 'ciliumloadbalancerippools',
  namespaced: false,
};
export const CALICO_POOLS: Resource<ForeignObject> = { ...calico, kind: 'IPPool', plural: 'ippools' };
export const CALICO_CONTROLLERS: Resource<ForeignObject> = {
  ...calico,
  kind: 'KubeControllersConfiguration',
  plural: 'kubecontrollersconfigurations',
};

/** The ConfigMap of kube-vip's cloud provider. */
export const KUBE_VIP_POOLS = { namespace: 'kube-system', name: 'kubevip' };
/** The Lease of OpenELB's controller, in the namespace of its manifests. */
export const OPENELB_LEASE = { namespace: 'openelb-system', name: 'openelb-controller' };
