/** `maintenance`: takes a node out for a reboot, and brings it back. */
import type { AddCommand } from '../../session/command.ts';
import type { MaintenanceOptions } from './run-maintenance.ts';

const HELP = `
Moves the traffic of a node to other nodes (annotation skycap.io/maintenance), and says when the node may be rebooted. New connections do not fail.
Exit codes: 0 the node may be rebooted, or the maintenance has begun or ended; 1 with --wait: the node may not be rebooted in time.`;

export const addMaintenance: AddCommand = (program, act) => {
  program
    .command('maintenance')
    .description('move the traffic of a node to other nodes before a reboot, and back')
    .argument('<node>', 'name of the Node')
    .option('--wait', 'wait until the node may be rebooted; with --end, until the speaker knows')
    .option('--end', 'end the maintenance')
    .option('--timeout <seconds>', 'how long --wait waits', '120')
    .addHelpText('after', HELP)
    .action((node: string, options: MaintenanceOptions) =>
      act(async (session) => (await import('./run-maintenance.ts')).runMaintenance(session, node, options)),
    );
};
