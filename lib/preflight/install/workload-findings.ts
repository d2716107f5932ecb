/** Skycap's workloads and their namespace. PURE. */
import type { KubeObject } from '../../api/meta/object.ts';
import { NAMESPACES, type Resource } from '../../kube/resource.ts';
import { type Finding, objectName } from '../finding.ts';

interface Container {
  readonly image?: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name?: string } }[];
}

/** The part of apps/v1 Deployment and DaemonSet that Skycap reads. */
export interface Workload extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: { readonly spec?: { readonly containers?: readonly Container[] } };
  };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly desiredNumberScheduled?: number;
    readonly numberReady?: number;
  };
}

const apps = { group: 'apps', version: 'v1', namespaced: true };
export const DEPLOYMENTS: Resource<Workload> = { ...apps, kind: 'Deployment', plural: 'deployments' };
export const DAEMON_SETS: Resource<Workload> = { ...apps, kind: 'DaemonSet', plural: 'daemonsets' };

export interface WorkloadFacts {
  readonly deployments: readonly Workload[];
  readonly daemonSets: readonly Workload[];
}

const ENFORCE = 'pod-security.kubernetes.io/enforce';

export function workloadFindings(namespace: string, { deployments, daemonSets }: WorkloadFacts): Finding[] {
  const ours = (all: readonly Workload[]) => all.filter(({ metadata }) => metadata.namespace === namespace);
  const find = (all: readonly Workload[], name: string) => ours(all).find(({ metadata }) => metadata.name === name);
  return [
    ...['skycap-webhook', 'skycap-allocator'].flatMap((name) => {
      const found = find(deployments, name);
      const { replicas = 1 } = found?.spec ?? {};
      return readiness('Deployment', namespace, name, found && [found.status?.readyReplicas ?? 0, replicas]);
    }),
    ...['skycap-speaker'].flatMap((name) => {
      const found = find(daemonSets, name);
      const { numberReady = 0, desiredNumberScheduled = 0 } = found?.status ?? {};
      return readiness('DaemonSet', namespace, name, found && [numberReady, desiredNumberScheduled]);
    }),
  ];
}

function readiness(
  kind: 'Deployment' | 'DaemonSet',
  namespace: string,
  name: string,
  counts: readonly [ready: number, wanted: number] | undefined,
): Finding[] {
  const object = { kind, namespace, name };
  if (!counts) {
    const remedy = 'install Skycap, or apply its manifests again';
    return [{ reason: 'WorkloadNotReady', object, message: `the ${kind} does not exist`, remedy }];
  }
  const [ready, wanted] = counts;
  if (ready >= wanted && wanted > 0) return [];
  const message = wanted === 0 ? 'no pod is wanted' : `${ready} of ${wanted} pods are ready`;
  const component = name.replace('skycap-', '');
  const remedy = `look at the pods: kubectl -n ${namespace} describe pods -l app.kubernetes.io/component=${component}`;
  return [{ reason: 'WorkloadNotReady', object, message, remedy }];
}

/** The speakers need the host's network, which the levels `baseline` and `restricted` refuse. */
export function podSecurityFindings(namespace: KubeObject | undefined): Finding[] {
  const level = namespace?.metadata.labels?.[ENFORCE];
  if (!namespace || level === undefined || level === 'privileged') return [];
  const { name = '' } = namespace.metadata;
  return [
    {
      reason: 'PodSecurityTooStrict',
      object: objectName('Namespace', namespace),
      message: `the label ${ENFORCE}: ${level} refuses the pods of speakers, which need the host's network`,
      remedy: `set the label: kubectl label namespace ${name} ${ENFORCE}=privileged --overwrite`,
      fix: {
        action: `set the label ${ENFORCE}: privileged on Namespace ${name}`,
        request: {
          verb: 'patch',
          resource: NAMESPACES,
          ref: { name },
          body: { metadata: { labels: { [ENFORCE]: 'privileged' } } },
        },
      },
    },
  ];
}
