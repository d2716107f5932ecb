/** The answer to `__complete WORDS…` in the protocol of cobra, as kubectl expects of a plugin: one candidate a line, then a directive. */
import type { Command } from 'commander';
import { candidatesFor } from './candidates.ts';

/** cobra's ShellCompDirectiveDefault and ShellCompDirectiveNoFileComp. */
const DEFAULT = 0;
const NO_FILES = 4;

export function completionAnswer(program: Command, words: readonly string[]): string {
  const { candidates, takesFile } = candidatesFor(program, words);
  return `${[...candidates, `:${takesFile ? DEFAULT : NO_FILES}`].join('\n')}\n`;
}
