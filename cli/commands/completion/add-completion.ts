/** `completion`: scripts for the shells. They ask `__complete` (`completion-answer.ts`). */
import { Argument } from 'commander';
import type { AddCommand } from '../../session/command.ts';
import { SCRIPTS, type Shell } from './scripts.ts';

const HELP = `
For "kubectl skycap" (kubectl 1.26 or later), put a file on the PATH:
  kubectl skycap completion kubectl > /usr/local/bin/kubectl_complete-skycap
  chmod +x /usr/local/bin/kubectl_complete-skycap
For "kubectl-skycap" in bash or zsh:
  source <(kubectl-skycap completion bash)`;

export const addCompletion: AddCommand = (program) => {
  program
    .command('completion')
    .description('print a script that completes commands and options')
    .addArgument(new Argument('<shell>', 'for which shell; "kubectl" for kubectl itself').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', HELP)
    .action((shell: Shell) => program.configureOutput().writeOut?.(SCRIPTS[shell]));
};
