/**
 * Reads from a Node whether it may announce: its addresses, whether it is excluded, whether it is leaving.
 *
 * `Ready` is not asked: this speaker runs on the node and speaks for itself (KEP-3458), and a kubelet that lost the API server must
 * not cost a node its routes. The one exception is kubelet's own word that the machine is shutting down.
 */
import type { MaintenanceSettings } from '../api/bgp/maintenance.ts';
import { EXCLUDE_NODE_LABEL, MAINTENANCE_ANNOTATION } from '../api/keys.ts';
import type { Node } from '../api/service/service.ts';
import { type Address, type Family, parseAddress } from '../net/address.ts';

export interface NodeState {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The first InternalIP of each family; the next hop of what is announced. */
  readonly addresses: { readonly [family in Family]?: Address };
  /** By the label `node.kubernetes.io/exclude-from-external-load-balancers`. */
  readonly excluded: boolean;
  /** Deleted, about to be, or shutting down: traffic should go elsewhere first. */
  readonly leaving: boolean;
  /** `kubectl cordon`: gets nothing new, and keeps what is there already. Layer 2 alone asks for it. */
  readonly cordoned: boolean;
  /** By the annotation `skycap.io/maintenance`: its addresses should be elsewhere. */
  readonly inMaintenance: boolean;
}

/** Taints that say that the node will not come back: the cluster autoscaler's, and the administrator's (KEP-2268). */
export const LEAVING_TAINTS: readonly string[] = [
  'ToBeDeletedByClusterAutoscaler',
  'node.kubernetes.io/out-of-service',
];
/** kubelet's message in the condition Ready during a graceful node shutdown (`nodeshutdown` package). */
const SHUTTING_DOWN = 'node is shutting down';
/** The texts that Go's `strconv.ParseBool` reads as false. */
const FALSE: readonly string[] = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

/** @param node undefined when the API server has no such Node (any more). */
export function nodeState(name: string, node: Node | undefined): NodeState {
  if (!node)
    return { name, labels: {}, addresses: {}, excluded: false, leaving: true, cordoned: false, inMaintenance: false };
  const labels = node.metadata.labels ?? {};
  return {
    name,
    labels,
    addresses: internalAddresses(node),
    excluded: isSet(labels[EXCLUDE_NODE_LABEL]),
    leaving: isLeaving(node),
    cordoned: node.spec?.unschedulable === true,
    inMaintenance: isSet(node.metadata.annotations?.[MAINTENANCE_ANNOTATION]),
  };
}

export function isInMaintenance(
  { inMaintenance, cordoned }: NodeState,
  { onCordon }: Pick<MaintenanceSettings, 'onCordon'>,
): boolean {
  return inMaintenance || (onCordon && cordoned);
}

/** By kubelet's reports; a node of which Kubernetes hears nothing is not ready. */
export function isNodeReady(node: Node | undefined): boolean {
  return (node?.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

function internalAddresses(node: Node): NodeState['addresses'] {
  const addresses = (node.status?.addresses ?? [])
    .filter(({ type }) => type === 'InternalIP')
    .flatMap(({ address }) => parseAddress(address) ?? []);
  const v4 = addresses.find(({ family }) => family === 4);
  const v6 = addresses.find(({ family }) => family === 6);
  return { ...(v4 && { 4: v4 }), ...(v6 && { 6: v6 }) };
}

/** As the cloud controller manager reads its label: anything but a clear "false" counts, an empty value too. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && !FALSE.includes(value);
}

function isLeaving(node: Node): boolean {
  return (
    node.metadata.deletionTimestamp !== undefined ||
    (node.spec?.taints ?? []).some(({ key }) => LEAVING_TAINTS.includes(key)) ||
    (node.status?.conditions ?? []).some(
      ({ type, status, message }) => type === 'Ready' && status !== 'True' && message?.includes(SHUTTING_DOWN),
    )
  );
}
