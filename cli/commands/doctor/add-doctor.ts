/** `doctor`: looks for obstacles in the whole cluster, and mends what is safe to mend. */
import type { AddCommand } from '../../session/command.ts';

const HELP = `
Each finding has a reason of docs/reasons.md and a remedy. "✗" is a problem, "!" is worth knowing. Exit code 1: there is a problem left.
--fix asks before each change, and makes only safe ones: it deletes webhook configurations and removes finalizers of an OpenELB that is
gone, and sets the label for Pod Security on Skycap's namespace. It restarts nothing.`;

export const addDoctor: AddCommand = (program, act) => {
  program
    .command('doctor')
    .description("look for obstacles outside of Skycap's own objects: other load balancers, webhook, nodes, networks")
    .option('--fix', 'make the changes that are safe, each after a question')
    .option('--yes', 'with --fix: ask no question')
    .addHelpText('after', HELP)
    .action((options: { readonly fix?: boolean; readonly yes?: boolean }) =>
      act(async (session) => (await import('./run-doctor.ts')).runDoctor(session, options)),
    );
};
