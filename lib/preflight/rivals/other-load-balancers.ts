/** Other load balancers by the images of their workloads: for a user to know, since each of them may be set up to leave Skycap's Services alone. PURE. */
import { type Finding, objectName } from '../finding.ts';
import type { Workload, WorkloadFacts } from '../install/workload-findings.ts';

const IMAGES: readonly (readonly [product: string, image: RegExp, remedy: string])[] = [
  [
    'MetalLB',
    /(^|\/)metallb\/(controller|speaker)/,
    'give the two different addresses, and start MetalLB with --lb-class',
  ],
  [
    'kube-vip',
    /(^|\/)kube-vip/,
    'switch off its Services (svc_enable=false) or set lb_class_only; its address for the control plane does no harm',
  ],
  ['servicelb of k3s', /(^|\/)(mirrored-)?klipper-lb/, 'start the servers of k3s with --disable=servicelb'],
  ['PureLB', /(^|\/)purelb\//, 'have PureLB serve only Services with its class'],
  ['LoxiLB', /(^|\/)kube-loxilb/, 'have LoxiLB serve only Services with its class'],
  ['OpenELB', /(^|\/)openelb(-controller|-manager|-speaker)?(:|@|$)/, 'stop OpenELB: both serve the same Services'],
];

/** One finding for each product. */
export function otherLoadBalancers({ deployments, daemonSets }: WorkloadFacts): Finding[] {
  const all = [
    ...deployments.map((one) => [objectName('Deployment', one), one] as const),
    ...daemonSets.map((one) => [objectName('DaemonSet', one), one] as const),
  ];
  return IMAGES.flatMap(([product, image, remedy]): Finding[] => {
    const found = all.find(([, workload]) => imagesOf(workload).some((text) => image.test(text)));
    if (!found) return [];
    return [{ reason: 'OtherLoadBalancer', object: found[0], message: `${product} runs`, remedy, isNotice: true }];
  });
}

function imagesOf({ spec }: Workload): string[] {
  return (spec?.template?.spec?.containers ?? []).flatMap(({ image }) => image ?? []);
}
