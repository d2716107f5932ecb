/** Candidates for the last word of a command line, from the declared commands, options and choices. PURE. */
import type { Command, Option } from 'commander';

export interface Candidates {
  /** With a description after a tab, as cobra writes them. */
  readonly candidates: readonly string[];
  readonly takesFile: boolean;
}

/** @param words after `skycap`; the last one is incomplete, or empty. */
export function candidatesFor(program: Command, words: readonly string[]): Candidates {
  const prefix = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { command, positional } = walk(program, before);
  const option = optionNamed([...command.options, ...program.options], before.at(-1));
  if (option?.required) return { candidates: starting(option.argChoices ?? [], prefix), takesFile: isFile(option) };
  if (prefix.startsWith('-')) return { candidates: starting(longOptions(program, command), prefix), takesFile: false };
  const commands = command.commands.filter((one) => !hidden(one)).map((one) => `${one.name()}\t${one.description()}`);
  if (commands.length > 0) return { candidates: starting(commands, prefix), takesFile: false };
  const choices = command.registeredArguments[positional]?.argChoices ?? [];
  return { candidates: starting(choices, prefix), takesFile: false };
}

/** The command that the words have reached, and the number of its arguments among them. */
function walk(program: Command, words: readonly string[]): { readonly command: Command; readonly positional: number } {
  let command = program;
  let positional = 0;
  for (const [i, word] of words.entries()) {
    const isValue = optionNamed([...command.options, ...program.options], words[i - 1])?.required === true;
    if (word.startsWith('-') || isValue) continue;
    const next = command.commands.find((one) => one.name() === word);
    if (next) command = next;
    else positional++;
  }
  return { command, positional };
}

function optionNamed(options: readonly Option[], word: string | undefined): Option | undefined {
  return options.find(({ long, short }) => word !== undefined && (word === long || word === short));
}

function longOptions(program: Command, command: Command): string[] {
  const options = command === program ? command.options : [...command.options, ...program.options];
  return [...options.map(({ long, description }) => `${long}\t${description}`), '--help\tdisplay help'];
}

function starting(candidates: readonly string[], prefix: string): string[] {
  return candidates.filter((candidate) => candidate.startsWith(prefix));
}

function isFile({ long }: Option): boolean {
  return long === '--kubeconfig' || long === '--filename';
}

function hidden(command: Command): boolean {
  return (command as Command & { readonly _hidden?: boolean })._hidden === true;
}
