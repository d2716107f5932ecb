/** `simulate`: what a change would do, before anybody makes it. */
import { DELETABLE_KINDS } from '../../../lib/explain/simulation/change/change.ts';
import type { Act, AddCommand } from '../../session/command.ts';
import type { Wish } from './wish.ts';

export const addSimulate: AddCommand = (program, act) => {
  const simulate = program
    .command('simulate')
    .description('show what a change would do: which addresses move, which Services lose theirs, which sessions reset');
  simulate
    .command('node')
    .argument('<name>')
    .description('a node that goes: without notice, or into maintenance')
    .option('--gone', 'the node loses its power (the default)')
    .option('--maintenance', 'the node gets the annotation skycap.io/maintenance')
    .action((name: string, { maintenance }: { readonly maintenance?: boolean }) =>
      run(act, { kind: maintenance ? 'maintenance' : 'nodeGone', node: name }),
    );
  simulate
    .command('delete')
    .argument('<kind>', DELETABLE_KINDS.map((kind) => kind.toLowerCase()).join(', '))
    .argument('<name>')
    .description('a deletion')
    .action((kind: string, name: string) => run(act, { kind: 'delete', of: kind, name }));
  simulate
    .command('apply')
    .requiredOption('-f, --filename <path...>', 'files with Eips, BgpPeers, BgpConfs and Services; - for the input')
    .description('kubectl apply of files')
    .action(({ filename }: { readonly filename: readonly string[] }) => run(act, { kind: 'apply', paths: filename }));
};

function run(act: Act, wish: Wish): Promise<void> {
  return act(async (session) => (await import('./run-simulate.ts')).runSimulate(session, wish));
}
