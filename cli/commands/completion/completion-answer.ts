/** The answer to `__complete WORDS…` in the protocol of cobra, as kubectl expects of a plugin: one candidate a line, then a directive. */
import type { Command } from 'commander';
import type { Surroundings } from '../../session/surroundings.ts';
import { candidatesFor, sessionOptionsIn, starting } from './candidates.ts';

/** cobra's ShellCompDirectiveDefault and ShellCompDirectiveNoFileComp. */
const DEFAULT = 0;
const NO_FILES = 4;

export async function completionAnswer(
  program: Command,
  words: readonly string[],
  around: Surroundings,
): Promise<string> {
  const { candidates, takesFile, names } = candidatesFor(program, words);
  // The last word is not complete, so it chooses no cluster.
  const found = names
    ? await (await import('./names.ts')).namesFor(names, sessionOptionsIn(words.slice(0, -1)), around)
    : [];
  const all = [...candidates, ...starting(found, words.at(-1) ?? '')];
  return `${[...all, `:${takesFile ? DEFAULT : NO_FILES}`].join('\n')}\n`;
}
