/** The examples' backend, as pods of a test's own. */
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { Examples } from '../../lab/demo.ts';
import type { Lab } from '../../lab/lab.ts';

export interface Backends {
  readonly namespace: string;
  /** Of the Deployment; its pods have the label `app: <name>`. */
  readonly name: string;
  readonly replicas: number;
  /** Of the nodes where they may run. */
  readonly nodeSelector: Readonly<Record<string, string>>;
}

interface Deployment extends KubeObject {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly topologySpreadConstraints?: readonly object[];
        readonly containers: readonly { readonly readinessProbe?: object }[];
      };
    };
  };
}

/** Resolves when they are ready; one a node where they are three. */
export async function deployBackends(lab: Lab, examples: Examples, backends: Backends): Promise<void> {
  const { namespace, name, replicas, nodeSelector } = backends;
  const template = examples.workloads.find((workload): workload is Deployment => workload.kind === 'Deployment');
  if (!template) throw new Error('Cannot deploy backends: examples/ has no Deployment');
  const labels = { app: name };
  const pod = template.spec.template;
  const topologySpreadConstraints = pod.spec.topologySpreadConstraints?.map((constraint) => ({
    ...constraint,
    labelSelector: { matchLabels: labels },
  }));
  await lab.apply({
    ...template,
    metadata: { name, namespace },
    spec: {
      ...template.spec,
      replicas,
      selector: { matchLabels: labels },
      template: {
        ...pod,
        metadata: { labels },
        spec: { ...pod.spec, nodeSelector, containers: pod.spec.containers.map(patient), topologySpreadConstraints },
      },
    },
  });
  await lab.kubectl(['-n', namespace, 'rollout', 'status', `deployment/${name}`, '--timeout=90s']);
}

/** A backend that a busy machine starves is slow, and not gone: Local Services would lose their routes, and rightly. */
function patient<T extends { readonly readinessProbe?: object }>(container: T): T {
  return { ...container, readinessProbe: { ...container.readinessProbe, timeoutSeconds: 10, failureThreshold: 30 } };
}
