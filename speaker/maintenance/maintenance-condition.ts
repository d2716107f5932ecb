/** The condition `SafeToReboot` of a Speaker, for `kubectl wait`. PURE. */
import type { Condition } from '../../lib/api/meta/object.ts';
import { shortened } from '../../lib/api/problem.ts';
import type { Reason } from '../../lib/api/reasons.ts';
import { SAFE_TO_REBOOT } from '../../lib/api/skycap/speaker-types.ts';
import type { KeptAddress, Maintenance } from '../../lib/snapshot/maintenance.ts';

export interface MaintenanceFacts {
  readonly maintenance: Maintenance;
  /** BIRD runs the configuration that the maintenance calls for. */
  readonly isApplied: boolean;
  /** How many addresses of layer 2 the node answers for. */
  readonly layer2Addresses: number;
}

/** Addresses beyond this are counted, and not named. */
const MOST_NAMED = 3;

type Update = Pick<Condition, 'type' | 'status' | 'message'> & { readonly reason: Reason };

export function maintenanceCondition({ maintenance, isApplied, layer2Addresses }: MaintenanceFacts): Update {
  const { isDraining, kept, drainsUntilMs } = maintenance;
  const no = (reason: Reason, message: string): Update => ({ type: SAFE_TO_REBOOT, status: 'False', reason, message });
  if (isDraining || !isApplied) {
    const until = new Date(drainsUntilMs).toISOString().replace(/\.\d+Z$/, 'Z');
    return no('NodeDraining', `routers are asked to prefer other nodes; the routes are withdrawn at ${until}`);
  }
  if (kept.length > 0) {
    const named = shortened(kept, MOST_NAMED, keptText).join(', ');
    return no('NoOtherNode', `still announces ${named}: without this node too few nodes would`);
  }
  if (layer2Addresses > 0) {
    const count = layer2Addresses === 1 ? 'one address' : `${layer2Addresses} addresses`;
    return no('HandingOver', `still answers for ${count} of layer 2: no other node has taken over`);
  }
  return {
    type: SAFE_TO_REBOOT,
    status: 'True',
    reason: 'NodeInMaintenance',
    message: 'the node announces no address',
  };
}

function keptText({ text, services }: KeptAddress): string {
  return `${text} (${services.join(', ')})`;
}
