/** Fifty Services of all kinds with their Eips, for tests that look whether each keeps its address. PURE. */
import type { EipObject } from '../../lib/api/eip/eip-types.ts';
import type { Service } from '../../lib/api/service/service.ts';

const EIP = 'eip.openelb.kubesphere.io/v1alpha2';
const ADDRESS = 'eip.openelb.kubesphere.io/v1alpha1';
const OURS = { 'lb.kubesphere.io/v1alpha1': 'openelb' };

type Annotations = Readonly<Record<string, string>>;
type Spec = NonNullable<Service['spec']>;

/** Of each family a default Eip, one that must be named, and one on layer 2; each has room for newcomers. */
export function eipsOfAllKinds(): readonly EipObject[] {
  const eip = (name: string, spec: object, annotations: Annotations = {}): EipObject => ({
    apiVersion: 'network.kubesphere.io/v1alpha2',
    kind: 'Eip',
    metadata: { name, annotations },
    spec: spec as EipObject['spec'],
  });
  const isDefault = { 'eip.openelb.kubesphere.io/is-default-eip': 'true' };
  return [
    eip('default-v4', { address: '198.51.120.0/26' }, isDefault),
    eip('default-v6', { address: '2001:db8:120::/122' }, isDefault),
    eip('named-v4', { address: '198.51.121.10-198.51.121.60' }),
    eip('named-v6', { address: '2001:db8:121::/122' }),
    eip('layer2-v4', { address: '10.98.0.192/28', protocol: 'layer2' }),
    eip('layer2-v6', { address: 'fd98::9000/124', protocol: 'layer2' }),
  ];
}

export function servicesOfAllKinds(namespace: string): readonly Service[] {
  const some = (count: number, kind: string, annotations: Annotations, spec: (turn: number) => Spec = () => ({})) =>
    Array.from({ length: count }, (_, turn): Service => {
      const metadata = { name: `${kind}-${turn}`, namespace, annotations };
      const port = { port: 80, targetPort: 8080, protocol: 'TCP' as const };
      const usual = { type: 'LoadBalancer' as const, selector: { app: 'backend' }, ports: [port] };
      return { apiVersion: 'v1', kind: 'Service', metadata, spec: { ...usual, ...spec(turn) } };
    });
  const shared = (key: string, annotations: Annotations) =>
    some(3, `shared-${key}`, { ...OURS, ...annotations, 'skycap.io/sharing-key': key }, (turn) => ({
      ports: [{ port: 80 + turn, targetPort: 8080, protocol: 'TCP' }],
    }));
  const requested = (kind: string, address: string, eip: string, spec: Spec = {}) =>
    some(1, kind, { ...OURS, [EIP]: eip, [ADDRESS]: address }, () => spec);
  const v6: Spec = { ipFamilies: ['IPv6'], ipFamilyPolicy: 'SingleStack' };
  const dual: Spec = { ipFamilyPolicy: 'RequireDualStack' };
  return [
    ...some(9, 'unmarked', {}),
    ...some(2, 'unmarked-v6', {}, () => v6),
    ...some(4, 'class', {}, () => ({ loadBalancerClass: 'skycap.io/lb' })),
    ...some(8, 'named', { ...OURS, [EIP]: 'named-v4' }),
    ...some(5, 'named-v6', { ...OURS, [EIP]: 'named-v6' }, () => v6),
    ...some(5, 'dual', { ...OURS, [EIP]: 'named-v4,named-v6' }, () => dual),
    ...some(2, 'local', { ...OURS, [EIP]: 'named-v4' }, () => ({ externalTrafficPolicy: 'Local' })),
    ...requested('requested', '198.51.121.50', 'named-v4'),
    ...requested('requested-v6', '2001:db8:121::30', 'named-v6', v6),
    ...some(1, 'requested-by-field', OURS, () => ({ loadBalancerIP: '198.51.120.40' })),
    ...shared('v4', { [EIP]: 'named-v4' }),
    ...shared('any', {}),
    ...some(3, 'layer2', { ...OURS, [EIP]: 'layer2-v4' }),
    ...some(3, 'layer2-dual', { ...OURS, [EIP]: 'layer2-v4,layer2-v6' }, () => dual),
  ];
}

/** Services that were not there before and would take the lowest free address of each Eip. */
export function newcomers(namespace: string): readonly Service[] {
  const kinds = ['unmarked', 'named', 'named-v6', 'dual', 'layer2-dual'];
  return servicesOfAllKinds(namespace).flatMap((service) => {
    const kind = kinds.find((name) => service.metadata.name === `${name}-0`);
    return kind ? [{ ...service, metadata: { ...service.metadata, name: `later-${kind}` } }] : [];
  });
}
