/** The findings about one Eip: other load balancers with the same addresses, with the same Services, or with the same objects. PURE. */
import type { Eip } from '../../api/eip/eip.ts';
import { rangesOverlap, rangeText } from '../../net/range.ts';
import { type Finding, objectText } from '../finding.ts';
import type { ClasslessServer, Rival } from './classless-servers.ts';
import type { ForeignPool } from './foreign-pool.ts';
import { OPENELB_LEASE } from './foreign-resources.ts';

export interface Rivals {
  readonly pools: readonly ForeignPool[];
  readonly classless: readonly ClasslessServer[];
  /** OpenELB's controller renews its Lease. */
  readonly isOpenElbRunning: boolean;
}

export const NO_RIVALS: Rivals = { pools: [], classless: [], isOpenElbRunning: false };

const NAMES: Readonly<Partial<Record<Rival, string>>> = {
  CloudController: 'a cloud controller or servicelb of k3s',
};

const REMEDIES: Readonly<Record<Rival, string>> = {
  MetalLB: 'start MetalLB with --lb-class, or set spec.autoAssign: false in its pools',
  Cilium: "set Cilium's option default-lb-service-ipam to none, or a spec.serviceSelector in its pools",
  Calico: 'set spec.controllers.loadBalancer.assignIPs: RequestedServicesOnly in KubeControllersConfiguration default',
  'kube-vip': 'have kube-vip and its cloud provider serve only Services with their class (lb_class_only)',
  PureLB: 'have PureLB serve only Services with its class',
  CloudController:
    'switch off the controller service of the cloud controller (--controllers=*,-service), or start k3s with --disable=servicelb',
};

/** @param isDefault whether the Eip gives addresses to Services without class and annotation. */
export function eipFindings(eip: Eip, isDefault: boolean, rivals: Rivals): Finding[] {
  return [
    ...(rivals.isOpenElbRunning ? [openElbRunning()] : []),
    ...rivals.pools.flatMap((pool) => poolOfAnother(eip, pool)),
    ...(isDefault ? rivals.classless.map((server) => defaultContested(eip, server)) : []),
  ];
}

function poolOfAnother({ name, range }: Eip, { owner, object, ranges }: ForeignPool): Finding[] {
  const shared = ranges.find((one) => rangesOverlap(one, range));
  if (!shared) return [];
  return [
    {
      reason: 'PoolOfAnother',
      object: { kind: 'Eip', name },
      message: `${objectText(object)} of ${owner} has addresses of the Eip too (${rangeText(shared)}), so two Services may get one address`,
      remedy: 'take the addresses out of one of the two',
    },
  ];
}

function defaultContested({ name }: Eip, { rival, seenIn }: ClasslessServer): Finding {
  return {
    reason: 'DefaultContested',
    object: { kind: 'Eip', name },
    message: `the Eip is the default, and ${NAMES[rival] ?? rival} gives addresses to Services without class and annotation too (${seenIn})`,
    remedy: `${REMEDIES[rival]}; or remove the annotation for the default from the Eip`,
  };
}

export function openElbRunning(): Finding {
  const { namespace, name } = OPENELB_LEASE;
  return {
    reason: 'OpenElbRunning',
    object: { kind: 'Lease', namespace, name },
    message: `OpenELB's controller runs (Lease ${namespace}/${name}), and gives the same Services addresses of the same Eips`,
    remedy: `stop OpenELB: kubectl -n ${namespace} delete deployment/openelb-controller daemonset/openelb-speaker`,
  };
}
