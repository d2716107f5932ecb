/** `status`: the state of Skycap at a glance, problems first. */
import type { AddCommand } from '../../session/command.ts';

export const addStatus: AddCommand = (program, act) => {
  program
    .command('status')
    .description('show problems, Services without an address, pools and nodes')
    .option('--all', 'every Service, pool and node, in place of the first ones')
    .action((options: { readonly all?: boolean }) =>
      act(async (session) => (await import('./run-status.ts')).runStatus(session, options)),
    );
};
