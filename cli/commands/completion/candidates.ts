/** Candidates for the last word of a command line, from the declared commands, options and choices. PURE. */
import type { Command, Option } from 'commander';
import type { SessionOptions } from '../../session/open-session.ts';

export interface Candidates {
  /** With a description after a tab, as cobra writes them. */
  readonly candidates: readonly string[];
  readonly takesFile: boolean;
  /** The names of these belong to the candidates. */
  readonly names?: NamesOf;
}

/** The names that come from the cluster or the kubeconfig. `targets`: Services, and the other kinds with their prefix, for `explain`. */
export type NamesOf = 'targets' | 'services' | 'nodes' | 'namespaces' | 'contexts';

/** Of the first argument of a command. */
const NAMES_OF_ARGUMENT: Readonly<Record<string, NamesOf>> = {
  explain: 'targets',
  history: 'services',
  maintenance: 'nodes',
  node: 'nodes',
};
const NAMES_OF_OPTION: Readonly<Record<string, NamesOf>> = { '--namespace': 'namespaces', '--context': 'contexts' };

/** @param words after `skycap`; the last one is incomplete, or empty. */
export function candidatesFor(program: Command, words: readonly string[]): Candidates {
  const prefix = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { command, positional } = walk(program, before);
  const option = optionNamed([...command.options, ...program.options], before.at(-1));
  if (option?.required) {
    const candidates = starting(option.argChoices ?? [], prefix);
    return { candidates, takesFile: isFile(option), ...namesIn(NAMES_OF_OPTION[option.long ?? '']) };
  }
  if (prefix.startsWith('-')) return { candidates: starting(longOptions(program, command), prefix), takesFile: false };
  const commands = command.commands.filter((one) => !hidden(one)).map((one) => `${one.name()}\t${one.description()}`);
  if (commands.length > 0) return { candidates: starting(commands, prefix), takesFile: false };
  const choices = command.registeredArguments[positional]?.argChoices ?? [];
  const names = positional === 0 ? NAMES_OF_ARGUMENT[command.name()] : undefined;
  return { candidates: starting(choices, prefix), takesFile: false, ...namesIn(names) };
}

function namesIn(names: NamesOf | undefined): { readonly names?: NamesOf } {
  return names ? { names } : {};
}

/** The values of the options that choose the cluster and the namespace. */
export function sessionOptionsIn(words: readonly string[]): SessionOptions {
  const textOf = (...spellings: string[]): string | undefined => {
    for (const [i, word] of words.entries()) {
      if (spellings.includes(word)) return words[i + 1];
      const [name = '', value] = word.split(/=(.*)/s);
      if (value !== undefined && spellings.includes(name)) return value;
    }
    return undefined;
  };
  const [namespace, context, kubeconfig] = [textOf('-n', '--namespace'), textOf('--context'), textOf('--kubeconfig')];
  return { ...(namespace && { namespace }), ...(context && { context }), ...(kubeconfig && { kubeconfig }) };
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

export function starting(candidates: readonly string[], prefix: string): string[] {
  return candidates.filter((candidate) => candidate.startsWith(prefix));
}

function isFile({ long }: Option): boolean {
  return long === '--kubeconfig' || long === '--filename';
}

function hidden(command: Command): boolean {
  return (command as Command & { readonly _hidden?: boolean })._hidden === true;
}
