/** Skycap's pods as the API server and their own probes show them. */
import type { Condition } from '../../../lib/api/meta/object.ts';
import type { SpeakerObject } from '../../../lib/api/skycap/speaker-types.ts';
import { SKYCAP_NAMESPACE } from '../../lab/install.ts';
import type { Lab } from '../../lab/lab.ts';
import { namespaceOf } from '../../lab/layout.ts';
import { inNamespace } from '../../lab/network.ts';

export type Component = 'webhook' | 'allocator' | 'speaker';

export interface ComponentPod {
  readonly name: string;
  readonly node: string;
  /** Of the pod: all its containers are. */
  readonly ready: boolean;
  /** Of the component's own container. */
  readonly restarts: number;
  /** Where it answers `/readyz`, seen from its node. */
  readonly health: string;
}

interface Pod {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly podIP?: string;
    readonly conditions?: readonly Pick<Condition, 'type' | 'status'>[];
    readonly containerStatuses?: readonly { readonly name: string; readonly restartCount: number }[];
  };
}

const READYZ = {
  webhook: (ip: string) => `https://${ip}:8443/readyz`,
  allocator: (ip: string) => `http://${ip}:8080/readyz`,
  speaker: () => 'http://127.0.0.1:7980/readyz',
};

/** @param node only the one on this node. */
export async function podsOf(lab: Lab, component: Component, node?: string): Promise<ComponentPod[]> {
  const { items } = await lab.api.get<{ items: Pod[] }>(
    `/api/v1/namespaces/${SKYCAP_NAMESPACE}/pods?labelSelector=app.kubernetes.io/component=${component}`,
  );
  return items
    .filter(({ spec }) => spec.nodeName && (!node || spec.nodeName === node))
    .map(({ metadata, spec, status }) => ({
      name: metadata.name,
      node: spec.nodeName!,
      ready: status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
      restarts: status.containerStatuses?.find(({ name }) => name === component)?.restartCount ?? 0,
      health: READYZ[component](status.podIP ?? ''),
    }));
}

/** The pod of the component on the node. @throws {Error} when there is none. */
export async function podOn(lab: Lab, component: Component, node: string): Promise<ComponentPod> {
  const [pod] = await podsOf(lab, component, node);
  if (!pod) throw new Error(`Cannot find a ${component} on ${node}`);
  return pod;
}

/** What the pod answers to `/readyz`, as kubelet asks it: from its node. */
export async function readyzOf(lab: Lab, pod: ComponentPod): Promise<string> {
  const program = 'console.log(await (await fetch(process.argv[1])).text())';
  const command = [process.execPath, '--input-type=module', '--eval', program, pod.health];
  return inNamespace(namespaceOf(lab.layout, pod.node), command, {
    // The webhook's certificate is of a CA of its own.
    env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    timeoutMs: 10_000,
  });
}

/** The condition Ready of the node's Speaker object, as `False BirdUnreachable`. */
export async function speakerReadiness(lab: Lab, node: string): Promise<string> {
  const { status } = await lab.api.get<SpeakerObject>(`/apis/skycap.io/v1alpha1/speakers/${node}`);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return `${ready?.status} ${ready?.reason}`;
}
