/** `support-bundle`: objects, logs, BIRD's state and metrics in one archive, without passwords. */
import { USUAL_NAMESPACE } from '../../cluster/usual-namespace.ts';
import type { AddCommand } from '../../session/command.ts';
import type { SupportBundleOptions } from './run-support-bundle.ts';

const HELP = `
The archive has Skycap's objects, Services of type LoadBalancer, Nodes, counts of endpoints, Events, and of each pod of Skycap the logs (also of the run before), the
metrics and the state of BIRD. Secrets are not read; passwords, tokens and annotations of others are removed. notes.txt says what could not be read. Look through
the archive before you give it away: names, addresses and AS numbers are in it.`;

export const addSupportBundle: AddCommand = (program, act) => {
  program
    .command('support-bundle')
    .description('write objects, logs, the state of BIRD and metrics into one archive, without passwords')
    .option('-f, --file <path>', 'the archive (default: skycap-support-TIME.tar.gz)')
    .option('--skycap-namespace <name>', "Skycap's namespace", USUAL_NAMESPACE)
    .addHelpText('after', HELP)
    .action((options: SupportBundleOptions) =>
      act(async (session) => (await import('./run-support-bundle.ts')).runSupportBundle(session, options)),
    );
};
