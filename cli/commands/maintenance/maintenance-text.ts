/** `maintenance` as text. PURE. */
import type { MaintenanceProgress } from '../../../lib/bgp/maintenance/maintenance-progress.ts';
import type { View } from '../../output/view.ts';

/** One line while `--wait` waits. */
export function progressLine({ node, reason, message, remedy }: MaintenanceProgress): string {
  const why = reason === undefined ? message : `${reason}: ${message}`;
  return `${node}: ${why}.${remedy && reason !== 'NodeDraining' ? ` ${remedy}` : ''}`;
}

export function maintenanceText(progress: MaintenanceProgress, waited: boolean, view: View): string {
  const { node, safeToReboot, bgpAddresses, layer2Addresses, reason, message, remedy } = progress;
  if (safeToReboot) {
    return `${view.good('✓')} Node ${node} may be rebooted: ${message}. Afterwards: kubectl skycap maintenance ${node} --end`;
  }
  const count = `it announces ${bgpAddresses} addresses by BGP and answers for ${layer2Addresses} of layer 2`;
  if (!waited)
    return `Node ${node} is in maintenance; ${count}. kubectl skycap maintenance ${node} --wait waits until it may be rebooted.`;
  const why = reason === undefined ? message : `${reason}: ${message}`;
  return [`${view.bad('✗')} Node ${node} may not be rebooted: ${why}; ${count}.`, ...(remedy ? [remedy] : [])].join(
    '\n',
  );
}
