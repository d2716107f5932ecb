/** Does what a page says, block by block: applies YAML, runs commands, and compares their output with the output that the page shows. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Block } from './page.ts';
import { differenceFromShown } from './shown-output.ts';

export interface PageRunner {
  /** For `kubectl` in commands. */
  readonly env: NodeJS.ProcessEnv;
  /** The folder in which a reader works. */
  readonly cwd: string;
  readonly apply: (yaml: string) => Promise<void>;
  /** Blocks of other languages, such as a router's configuration. @throws for an unknown language. */
  readonly other: (block: Block) => Promise<void>;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;

/** @throws an error that names the line of the page. */
export async function runBlocks(blocks: readonly Block[], runner: PageRunner): Promise<void> {
  let output: string | undefined;
  for (const block of blocks) {
    try {
      output = await runBlock(block, runner, output);
    } catch (error) {
      throw new Error(`Cannot do what line ${block.line} says: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** @returns the output of a block of commands. */
async function runBlock(block: Block, runner: PageRunner, before: string | undefined): Promise<string | undefined> {
  switch (block.language) {
    case 'yaml':
      await runner.apply(block.text);
      return undefined;
    case 'sh':
      return await runCommands(block.text, runner);
    case '': {
      if (before === undefined) throw new Error('it shows the output of no command');
      const difference = differenceFromShown(block.text, before);
      if (difference !== undefined) throw new Error(difference);
      return undefined;
    }
    default:
      await runner.other(block);
      return undefined;
  }
}

/** Ends at the first command that fails, as a reader would. */
async function runCommands(text: string, { env, cwd, timeoutMs = TIMEOUT_MS }: PageRunner): Promise<string> {
  const options = { env, cwd, timeout: timeoutMs };
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', `exec 2>&1\n${text}`], options);
  return stdout;
}
