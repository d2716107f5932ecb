/** `history`: who had an address, or which addresses a Service had. */
import type { AddCommand } from '../../session/command.ts';

export const addHistory: AddCommand = (program, act) => {
  program
    .command('history')
    .description('show who had an address, or which addresses a Service had, from when to when, and why')
    .argument('<address|service>', 'an IP address, or a Service as NAME or NAMESPACE/NAME')
    .action((name: string) => act(async (session) => (await import('./run-history.ts')).runHistory(session, name)));
};
