/** The command line: the options of every command, as kubectl spells them, and the commands. */
import { Command, Option } from 'commander';
import { addCompletion } from '../commands/completion/add-completion.ts';
import { addDoctor } from '../commands/doctor/add-doctor.ts';
import { addExplain } from '../commands/explain/add-explain.ts';
import { addHistory } from '../commands/history/add-history.ts';
import { addMaintenance } from '../commands/maintenance/add-maintenance.ts';
import { addSimulate } from '../commands/simulate/add-simulate.ts';
import { addStatus } from '../commands/status/add-status.ts';
import { addSupportBundle } from '../commands/support-bundle/add-support-bundle.ts';
import { EXIT } from '../exit-codes.ts';
import { FORMATS } from '../output/print.ts';
import type { Act, AddCommand } from '../session/command.ts';

/** In the order of the help. */
const COMMANDS: readonly AddCommand[] = [
  addStatus,
  addExplain,
  addDoctor,
  addHistory,
  addSimulate,
  addMaintenance,
  addSupportBundle,
  addCompletion,
];

const AFTER_HELP = `
Exit codes:
  ${EXIT.fine}  nothing is wrong
  ${EXIT.problem}  the command found a problem
  ${EXIT.usage}  wrong command line, or no such object
  ${EXIT.loss}  simulate: something would be lost
  ${EXIT.cluster}  the API server can't be reached, or refuses`;

interface ProgramOptions {
  readonly version: string;
  readonly stdout: { write(text: string): unknown; readonly columns?: number };
  readonly stderr: { write(text: string): unknown };
}

/** Answers a command line that names no command with the help, as kubectl does: on the standard output, with exit code 0. */
class HelpfulCommand extends Command {
  override createCommand(name?: string): Command {
    return new HelpfulCommand(name);
  }

  override help(): never {
    return super.help();
  }
}

/** @param act runs the work of a command. */
export function makeProgram(act: Act, { stdout, stderr, version }: ProgramOptions): Command {
  const program = new HelpfulCommand('kubectl skycap')
    .description(
      'Shows who has which address of Skycap and why, and helps to keep the cluster in order. Needs the API server only.',
    )
    .version(version, '-V, --version', 'print the version')
    .option('-n, --namespace <name>', "namespace of the Services (default: the context's)")
    .option('-A, --all-namespaces', 'the Services of all namespaces')
    .option('--context <name>', 'context of the kubeconfig to use')
    .option('--kubeconfig <path>', 'kubeconfig to use')
    .addOption(new Option('-o, --output <format>', 'form of the output').choices(FORMATS).default('text'))
    .addHelpText('after', AFTER_HELP)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .showHelpAfterError('See "kubectl skycap --help".')
    .exitOverride();
  // Subcommands inherit the settings above as they are added.
  for (const add of COMMANDS) add(program, act);
  return program;
}
