/** `explain`: the walk of a packet to an address, step by step, with the fact, its object and the remedy of each step. */
import type { AddCommand } from '../../session/command.ts';

const HELP = `
TARGET is an address, NAMESPACE/NAME of a Service, KIND/NAME with the kind service, eip, node or bgppeer, or a name alone,
by which a Service is found before an Eip, a node or a BgpPeer.

  kubectl skycap explain web                           a Service of the current namespace
  kubectl skycap explain 198.51.100.7                  who has the address
  kubectl skycap explain node/n1                       what the node announces, and what not
  kubectl skycap explain web --try eip=other           what the Service would get (keys: address, eip, protocol, sharing-key; empty removes it)`;

export const addExplain: AddCommand = (program, act) => {
  program
    .command('explain')
    .description('explain who has an address, why a Service waits, or why no packet comes')
    .argument('<target>', 'a Service, address, node, BgpPeer or Eip')
    .option('--try <changes>', 'try a change of the Service, such as address=198.51.100.9,eip=web')
    .addHelpText('after', HELP)
    .action((target: string, options: { readonly try?: string }) =>
      act(async (session) => (await import('./run-explain.ts')).runExplain(session, target, options.try)),
    );
};
