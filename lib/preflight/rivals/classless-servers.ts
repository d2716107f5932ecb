/**
 * The other load balancers that serve Services without class and annotation, as a default Eip does. PURE. Their pools show that they may, and the marks that they leave
 * on Services show that they do, or that they serve only Services with a class.
 */
import { OPT_IN_VALUES, SERVICE_ANNOTATIONS } from '../../api/keys.ts';
import { keyOf } from '../../api/meta/object.ts';
import type { Service } from '../../api/service/service.ts';
import { objectText } from '../finding.ts';
import type { ForeignPool, PoolOwner } from './foreign-pool.ts';

export type Rival = PoolOwner | 'PureLB' | 'CloudController';

export interface ClasslessServer {
  readonly rival: Rival;
  /** The object that shows it, such as `Service shop/web`. */
  readonly seenIn: string;
}

/** The finalizer of `k8s.io/cloud-provider`, which servicelb of k3s uses as well. */
const CLOUD_FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';

const ANNOTATIONS: readonly (readonly [Rival, RegExp])[] = [
  ['MetalLB', /^metallb\.(io|universe\.tf)\/ip-allocated-from-pool$/],
  ['kube-vip', /^kube-vip\.io\/vipHost$/],
  ['PureLB', /^purelb\.io\/allocated-by$/],
];

export function classlessServers(pools: readonly ForeignPool[], services: Iterable<Service>): ClasslessServer[] {
  const found = new Map<Rival, ClasslessServer>();
  const withClass = new Set<Rival>();
  for (const service of services) {
    const rival = rivalOf(service);
    if (rival === undefined) continue;
    if (service.spec?.loadBalancerClass !== undefined) withClass.add(rival);
    else if (!asksForUs(service) && !found.has(rival)) found.set(rival, { rival, seenIn: `Service ${keyOf(service)}` });
  }
  for (const { owner, object, servesClassless } of pools) {
    if (!servesClassless || found.has(owner) || withClass.has(owner)) continue;
    found.set(owner, { rival: owner, seenIn: objectText(object) });
  }
  return [...found.values()].sort((a, b) => (a.rival < b.rival ? -1 : 1));
}

/** The other load balancer that has marked the Service. */
function rivalOf({ metadata, status }: Service): Rival | undefined {
  const keys = Object.keys(metadata.annotations ?? {});
  const byAnnotation = ANNOTATIONS.find(([, mark]) => keys.some((key) => mark.test(key)));
  if (byAnnotation) return byAnnotation[0];
  const satisfied = status?.conditions?.find(({ type }) => type === 'cilium.io/IPAMRequestSatisfied');
  if (satisfied?.status === 'True') return 'Cilium';
  return metadata.finalizers?.includes(CLOUD_FINALIZER) ? 'CloudController' : undefined;
}

function asksForUs({ metadata: { annotations } }: Service): boolean {
  return OPT_IN_VALUES.includes(annotations?.[SERVICE_ANNOTATIONS.optIn[0]] ?? '');
}
