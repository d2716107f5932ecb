/**
 * Every key that a user types or reads: annotations, labels, the class, the API groups.
 *
 * OpenELB's keys work, and their older `porter` spellings (OpenELB ≤ 0.4.3). Skycap's own keys have the prefix `skycap.io/`.
 */

export const OPENELB_GROUP = 'network.kubesphere.io';
export const SKYCAP_GROUP = 'skycap.io';

/** `spec.loadBalancerClass` of a Service that asks for Skycap by class. */
export const LOAD_BALANCER_CLASS = 'skycap.io/lb';

/** Annotations on a Service, as the user writes them. The first spelling is OpenELB's, the second the older one. */
export const SERVICE_ANNOTATIONS = {
  /** `openelb` or `porter`: the Service is Skycap's. */
  optIn: ['lb.kubesphere.io/v1alpha1'],
  /** Name of the Eip to take the address from. */
  eip: ['eip.openelb.kubesphere.io/v1alpha2', 'eip.porter.kubesphere.io/v1alpha2'],
  /** The requested address; Skycap accepts a comma-separated list with at most one for each IP family. */
  address: ['eip.openelb.kubesphere.io/v1alpha1', 'eip.porter.kubesphere.io/v1alpha1'],
  /** `bgp`, `layer2` or `vip`: take only an Eip of this protocol. */
  protocol: ['protocol.openelb.kubesphere.io/v1alpha1', 'protocol.porter.kubesphere.io/v1alpha1'],
  /** Services with the same key may share an address if their ports differ. */
  sharingKey: ['skycap.io/sharing-key'],
  /** Comma-separated namespaces whose Services may share this Service's address; both sides must name each other. */
  sharingNamespaces: ['skycap.io/sharing-namespaces'],
  /** Comma-separated BGP communities for the routes of the Service, where its Eip allows them. */
  communities: ['skycap.io/bgp-communities'],
  /** Comma-separated names of the BgpPeers that get the routes of the Service, where its Eip allows it. */
  peers: ['skycap.io/bgp-peers'],
  /** OpenELB's NodeProxy mode, which Skycap does not have: such a Service waits, with this reason. */
  nodeProxy: ['node-proxy.openelb.kubesphere.io/type', 'node-proxy.porter.kubesphere.io/type'],
} as const;

/** Annotations that OpenELB wrote itself; they request nothing. */
export const OPENELB_SERVICE_KEYS: readonly string[] = ['openelb', 'porter'].flatMap((project) => [
  `layer2.${project}.kubesphere.io/v1alpha1`,
  `node-proxy.${project}.kubesphere.io/external-ip`,
  `node-proxy.${project}.kubesphere.io/internal-ip`,
]);

/** Values of the opt-in annotation for Skycap. */
export const OPT_IN_VALUES: readonly string[] = ['openelb', 'porter'];

/** Annotation that Skycap writes: the given addresses, comma-separated, in the order of the Service's IP families. */
export const ADDRESSES_ANNOTATION = 'skycap.io/addresses';
/** Annotation that Skycap writes: the random token that ties a Service to its claims. */
export const CLAIM_ANNOTATION = 'skycap.io/claim';
/** Label that Skycap writes (OpenELB's): the Eip of the address. Kubernetes copies it to the EndpointSlices. */
export const EIP_LABEL = 'eip.openelb.kubesphere.io/v1alpha2';

/** `true` makes an Eip the default. */
export const DEFAULT_EIP_ANNOTATIONS = [
  'eip.openelb.kubesphere.io/is-default-eip',
  'eip.porter.kubesphere.io/is-default-eip',
] as const;
/** On an Eip: with `true`, its deletion removes its addresses from the Services. */
export const RELEASE_ADDRESSES_ANNOTATION = 'skycap.io/release-addresses';
/** On an Eip, BgpConf or BgpPeer: a CNI announces this one, so Skycap does not. */
export const CNI_LABELS = ['openelb.kubesphere.io/cni', 'porter.kubesphere.io/cni'] as const;
/** On a Node: the rack that `BgpConf.spec.asPerRack` looks up. */
export const RACK_LABELS = ['openelb.kubesphere.io/rack', 'porter.kubesphere.io/rack'] as const;
/** Well-known; ParseBool decides, and an empty or unreadable value means excluded. */
export const EXCLUDE_NODE_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** On a Node: `true` moves its traffic to other nodes, for a reboot. Anything but a clear "false" counts, an empty value too. */
export const MAINTENANCE_ANNOTATION = 'skycap.io/maintenance';

/** OpenELB's finalizers: removed wherever found, never added. */
export const OPENELB_FINALIZERS = [
  'finalizer.lb.kubesphere.io/v1alpha1',
  'finalizer.ipam.kubesphere.io/v1alpha1',
  'node-proxy.openelb.kubesphere.io/finalizer',
] as const;

/** Only the BgpConf of this name has an effect, as in OpenELB. */
export const BGP_CONF_NAME = 'default';

/** Type of the Service condition that says whether the Service has its address, or why not. */
export const ADDRESS_ASSIGNED_CONDITION = 'skycap.io/AddressAssigned';

/** Type of the Service condition that says which nodes announce the addresses, and by which protocol. */
export const ANNOUNCED_CONDITION = 'skycap.io/Announced';

/** Type of the condition of a Service whose annotations for BGP have no effect. */
export const ROUTE_OVERRIDES_CONDITION = 'skycap.io/RouteOverrides';

/**
 * Type of the condition of a Service without class and annotation that is Skycap's because of a default Eip. With this condition, the Service keeps its address when
 * that Eip is no longer the default.
 */
export const BY_DEFAULT_CONDITION = 'skycap.io/ByDefault';

/** @returns the value of the first of `keys` that is present. */
export function firstOf(
  map: Readonly<Record<string, string>> | undefined,
  keys: readonly string[],
): string | undefined {
  for (const key of keys) {
    const value = map?.[key];
    if (value !== undefined) return value;
  }
  return undefined;
}

/** On a claim before its deletion, if its Service was never stored. */
export const UNUSED_ANNOTATION = 'skycap.io/unused';
/** Annotation that Skycap writes on a Service without its address: the start of the wait (RFC 3339 with milliseconds). */
export const WAITING_SINCE_ANNOTATION = 'skycap.io/waiting-since';
