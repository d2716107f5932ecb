/** The names of objects in scenes: `service shop/web`, `eip web`, `claim 192.0.2.7`. */

export interface NamedObject {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** Of the object in the API. */
  readonly path: string;
}

interface Kind {
  readonly kind: string;
  readonly base: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

const OPENELB = '/apis/network.kubesphere.io/v1alpha2';
const SKYCAP = '/apis/skycap.io/v1alpha1';

/** The kinds in expectations. Every other kind is for `kubectl` only. */
const KINDS: Readonly<Record<string, Kind>> = {
  service: { kind: 'Service', base: '/api/v1', plural: 'services', namespaced: true },
  configmap: { kind: 'ConfigMap', base: '/api/v1', plural: 'configmaps', namespaced: true },
  pod: { kind: 'Pod', base: '/api/v1', plural: 'pods', namespaced: true },
  node: { kind: 'Node', base: '/api/v1', plural: 'nodes', namespaced: false },
  namespace: { kind: 'Namespace', base: '/api/v1', plural: 'namespaces', namespaced: false },
  eip: { kind: 'Eip', base: OPENELB, plural: 'eips', namespaced: false },
  bgppeer: { kind: 'BgpPeer', base: OPENELB, plural: 'bgppeers', namespaced: false },
  bgpconf: { kind: 'BgpConf', base: OPENELB, plural: 'bgpconfs', namespaced: false },
  speaker: { kind: 'Speaker', base: SKYCAP, plural: 'speakers', namespaced: false },
  claim: { kind: 'EipClaim', base: SKYCAP, plural: 'eipclaims', namespaced: false },
};

/** @throws {Error} if the text names no object of a known kind. */
export function refOf(text: string): NamedObject {
  const ref = parseRef(text);
  if (ref) return ref;
  const kinds = Object.keys(KINDS).join(', ');
  throw new Error(`Cannot tell which object "${text}" is: write service NAMESPACE/NAME or eip NAME; kinds: ${kinds}`);
}

function parseRef(text: string): NamedObject | undefined {
  const [, word = '', rest = ''] = /^(\S+) (\S+)$/.exec(text) ?? [];
  const known = KINDS[word];
  if (!known) return undefined;
  const { kind, base, plural, namespaced } = known;
  const [first = '', second] = rest.split('/');
  if (namespaced !== (second !== undefined)) return undefined;
  const [namespace, name] = second === undefined ? [undefined, first] : [first, second];
  return { kind, namespace, name, path: `${base}${namespace ? `/namespaces/${namespace}` : ''}/${plural}/${name}` };
}
