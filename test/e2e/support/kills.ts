/** Ends or stops single containers of Skycap's as a crash would: by a signal to the process, of which kubelet is not told. */
import { SKYCAP_NAMESPACE } from '../../lab/install.ts';
import type { Lab } from '../../lab/lab.ts';
import { CommandError } from '../../lab/shell.ts';

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName?: string };
}

interface Lease {
  readonly spec?: { readonly holderIdentity?: string };
}

/** The container of a pod on a node. */
export interface Victim {
  readonly component: 'webhook' | 'allocator' | 'speaker';
  readonly pod: string;
  readonly node: string;
}

const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${SKYCAP_NAMESPACE}/leases/skycap-allocator`;

export async function victims(lab: Lab, component: Victim['component']): Promise<readonly Victim[]> {
  const query = new URLSearchParams({ labelSelector: `app.kubernetes.io/component=${component}` });
  const { items } = await lab.api.get<{ items: Pod[] }>(`/api/v1/namespaces/${SKYCAP_NAMESPACE}/pods?${query}`);
  return items.flatMap(({ metadata, spec }) =>
    spec.nodeName ? [{ component, pod: metadata.name, node: spec.nodeName }] : [],
  );
}

/** The allocator that leads by its Lease; it may be dead. */
export async function leader(lab: Lab): Promise<Victim | undefined> {
  const { spec } = await lab.api.get<Lease>(LEASE);
  return (await victims(lab, 'allocator')).find(({ pod }) => spec?.holderIdentity?.startsWith(`${pod}_`));
}

/** @returns whether there was something running to be signalled. */
export async function signal(lab: Lab, { component, pod, node }: Victim, what: NodeJS.Signals): Promise<boolean> {
  const machine = lab.nodes.find(({ name }) => name === node);
  const filter = { namespace: SKYCAP_NAMESPACE, pod, container: component };
  try {
    return (await machine?.signalContainers(filter, what)) === 1;
  } catch (error) {
    // It ended by itself between the look and the signal.
    if (error instanceof CommandError && error.message.includes('no running task')) return false;
    throw error;
  }
}
