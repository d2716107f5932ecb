/** The checks of `doctor`, in the order of the output, from the facts. PURE. */
import { isLayer2 } from '../../../lib/api/eip/eip.ts';
import { parseEip } from '../../../lib/api/eip/parse-eip.ts';
import { buildPools, isDefaultEip, type Pools } from '../../../lib/ipam/pools/pools.ts';
import { reservedIn } from '../../../lib/ipam/pools/reserved.ts';
import { CRDS } from '../../../lib/kube/crd.ts';
import { MUTATING, VALIDATING } from '../../../lib/kube/http/admission-refusal.ts';
import type { Resource } from '../../../lib/kube/resource.ts';
import { crdFindings, missingCrd } from '../../../lib/preflight/crds/missing-fields.ts';
import type { Finding } from '../../../lib/preflight/finding.ts';
import { versionFindings } from '../../../lib/preflight/install/version-findings.ts';
import { webhookFindings } from '../../../lib/preflight/install/webhook-findings.ts';
import {
  DAEMON_SETS,
  DEPLOYMENTS,
  podSecurityFindings,
  workloadFindings,
} from '../../../lib/preflight/install/workload-findings.ts';
import { poolFindings } from '../../../lib/preflight/network/pool-findings.ts';
import { clockFindings } from '../../../lib/preflight/node/clock-findings.ts';
import { kubeProxyFindings } from '../../../lib/preflight/node/kube-proxy-findings.ts';
import { bfdFindings, nodeFindings } from '../../../lib/preflight/node/node-findings.ts';
import { classlessServers } from '../../../lib/preflight/rivals/classless-servers.ts';
import { eipFindings } from '../../../lib/preflight/rivals/eip-findings.ts';
import { openElbLeftovers } from '../../../lib/preflight/rivals/openelb-leftovers.ts';
import { otherLoadBalancers } from '../../../lib/preflight/rivals/other-load-balancers.ts';
import { isRenewed } from '../../../lib/preflight/rivals/read-rivals.ts';
import { unreadIn } from '../../../lib/snapshot/cluster-read.ts';
import { kubeProxyConfigurationIn } from '../../cluster/kube-proxy-configuration.ts';
import type { Facts } from './gather-facts.ts';

export interface CheckResult {
  /** A key of the output. */
  readonly check: string;
  readonly title: string;
  readonly findings: readonly Finding[];
  /** Plural names of kinds that the check needs, and that the user may not read: the check is not complete. */
  readonly unread: readonly string[];
}

/** The kinds that a check needs. */
const READS = {
  kubernetes: [],
  definitions: ['customresourcedefinitions'],
  workloads: ['deployments', 'daemonsets', 'namespaces'],
  webhook: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations', 'secrets', 'endpointslices'],
  loadBalancers: [
    ...['services', 'eips', 'deployments', 'daemonsets', 'mutatingwebhookconfigurations'],
    ...['ippools', 'ipaddresspools', 'ciliumloadbalancerippools'],
  ],
  pools: ['eips', 'nodes', 'bgppeers', 'speakers', 'servicecidrs'],
  nodes: ['nodes', 'speakers', 'configmaps'],
  bfd: ['speakers', 'leases'],
  clocks: ['leases'],
} as const;

/** A kind counts too if the user may read some of its objects only. */
function unreadFor(check: keyof typeof READS, { cluster, reader }: Facts): string[] {
  const forbidden = [...unreadIn(cluster), ...reader.unread].filter(({ reason }) => reason === 'Forbidden');
  return READS[check].filter((kind) => forbidden.some(({ resource }) => resource === kind));
}

export function checksOf(facts: Facts): CheckResult[] {
  const { cluster, leases, version } = facts;
  const { eips, pools } = eipsIn(facts);
  const reserved = reservedIn({
    nodes: cluster.nodes.items,
    bgpPeers: cluster.bgpPeers.items,
    serviceCidrs: cluster.serviceCidrs.items,
    speakers: cluster.speakers.items,
  });
  const result = (check: keyof typeof READS, title: string, findings: readonly Finding[]): CheckResult => ({
    ...{ check, title, findings: withoutDoubles(findings), unread: unreadFor(check, facts) },
  });
  return [
    result('kubernetes', 'Kubernetes', versionFindings(version)),
    result('definitions', "Skycap's definitions", aboutCrds(facts)),
    result('workloads', "Skycap's workloads", aboutWorkloads(facts)),
    result('webhook', 'Webhook and certificate', aboutWebhook(facts)),
    result('loadBalancers', 'Other load balancers', aboutRivals(facts, eips, pools)),
    result(
      'pools',
      'Pools and networks',
      poolFindings(eips, pools, (eip) => reserved.withheldFrom(eip)),
    ),
    result('nodes', 'Nodes', [
      ...aboutNodes(facts),
      ...kubeProxyFindings(kubeProxyConfigurationIn(facts.kubeProxy), eips.some(isLayer2)),
    ]),
    result('bfd', 'BFD between nodes', bfdFindings(cluster.speakers.items, livingNodes(facts))),
    result('clocks', 'Clocks', clockFindings(leases.nodes)),
  ];
}

function aboutWorkloads({ reader, home, workloads, homeNamespace }: Facts): Finding[] {
  const isUnknown = reader.lacks(DEPLOYMENTS) || reader.lacks(DAEMON_SETS);
  return [...(isUnknown ? [] : workloadFindings(home, workloads)), ...podSecurityFindings(homeNamespace)];
}

/** A user who may not read Speakers learns nothing of missing ones. */
function aboutNodes({ cluster: { nodes, speakers } }: Facts): Finding[] {
  return nodeFindings(nodes.items, speakers.items).filter(({ reason }) => reason !== 'NoSpeaker' || !speakers.unread);
}

/** The nodes whose speakers renew their Leases. */
function livingNodes({ leases, nowMs }: Facts): ReadonlySet<string> {
  return new Set(leases.speakers.filter((one) => isRenewed(one, nowMs)).map(({ spec }) => spec?.holderIdentity ?? ''));
}

function aboutCrds({ crds, reader }: Facts): Finding[] {
  return [...crds].flatMap(([name, crd]) => {
    if (!crd) return reader.lacks(CRDS) ? [] : [missingCrd(name)];
    return crdFindings(name, crd);
  });
}

function aboutWebhook({ webhooks, reader, home, certificate, readyEndpoints, nowMs }: Facts): Finding[] {
  const kinds = [
    [MUTATING, webhooks.mutating],
    [VALIDATING, webhooks.validating],
  ] as const;
  const configurations = kinds.flatMap(([resource, items]) => {
    if (reader.lacks(resource as Resource<never>)) return [];
    const object = items.find(({ metadata }) => metadata.name === 'skycap');
    return [{ kind: resource.kind as 'MutatingWebhookConfiguration', object }];
  });
  return webhookFindings({ namespace: home, configurations, certificate, readyEndpoints, nowMs });
}

function aboutRivals(
  { cluster, pools, isOpenElbRunning, workloads, webhooks }: Facts,
  eips: ReturnType<typeof eipsIn>['eips'],
  poolsOfEips: Pools,
): Finding[] {
  const classless = classlessServers(pools, cluster.services.items);
  const others = otherLoadBalancers(workloads);
  const isRunning = isOpenElbRunning || others.some(({ message }) => message.startsWith('OpenELB'));
  const rivals = { pools, classless, isOpenElbRunning };
  const ofEips = eips.flatMap((eip) => eipFindings(eip, isDefaultEip(eip, poolsOfEips), rivals));
  const [services, eipObjects, bgpPeers, bgpConfs] = [
    cluster.services.items,
    cluster.eips.items,
    cluster.bgpPeers.items,
    cluster.bgpConfs.items,
  ];
  const leftovers = openElbLeftovers({ isRunning, ...webhooks, services, eips: eipObjects, bgpPeers, bgpConfs });
  return [...ofEips, ...others, ...leftovers];
}

/** The Eips that can be read; `kubectl skycap status` shows the others. */
function eipsIn({ cluster }: Facts) {
  const eips = cluster.eips.items.flatMap((object) => {
    const parsed = parseEip(object);
    return parsed.ok ? [parsed.value] : [];
  });
  return { eips, pools: buildPools(eips) };
}

/** A fact that several Eips share is told once. */
function withoutDoubles(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((one) => [JSON.stringify([one.reason, one.object, one.message]), one])).values()];
}
