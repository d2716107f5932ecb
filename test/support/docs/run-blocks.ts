/** Does what a page says, block by block: applies YAML, runs commands, and compares their output with the output that the page shows. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
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

const TIMEOUT_MS = 90_000;
/** A reader who sees an old state looks once more. */
const SETTLE_MS = 30_000;
const EVERY_MS = 300;
/** Commands that change nothing. */
const READING = /^(?:curl|kubectl(?: -n \S+)? (?:get|describe|logs|events|wait|skycap)) /;

/** @throws an error that names the line of the page. */
export async function runBlocks(blocks: readonly Block[], runner: PageRunner): Promise<void> {
  for (const [index, block] of blocks.entries()) {
    const { language, line } = block;
    try {
      if (language === '') {
        if (blocks[index - 1]?.language !== 'sh') throw new Error('it shows the output of no command');
      } else if (language === 'yaml') await runner.apply(block.text);
      else if (language !== 'sh') await runner.other(block);
      else {
        const next = blocks[index + 1];
        await runAndCompare(block, next?.language === '' ? next.text : undefined, runner);
      }
    } catch (error) {
      throw new Error(`Cannot do what line ${line} says: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** @throws where a command fails or says something else than the page shows; commands that only read are asked again for a while. */
async function runAndCompare({ text }: Block, shown: string | undefined, runner: PageRunner): Promise<void> {
  const deadline = performance.now() + (isReading(text) ? SETTLE_MS : 0);
  for (;;) {
    const problem = await differenceOf(text, shown, runner);
    if (problem === undefined) return;
    if (performance.now() >= deadline) throw new Error(problem);
    await sleep(EVERY_MS);
  }
}

async function differenceOf(text: string, shown: string | undefined, runner: PageRunner): Promise<string | undefined> {
  try {
    const said = await runCommands(text, runner);
    return shown === undefined ? undefined : differenceFromShown(shown, said);
  } catch (error) {
    const { stdout = '' } = error as { stdout?: string };
    // A command that fails may be the subject of the page.
    if (shown !== undefined && stdout !== '' && differenceFromShown(shown, stdout) === undefined) return undefined;
    return `${(error as Error).message}${stdout}`;
  }
}

function isReading(text: string): boolean {
  const lines = text.trim().split('\n');
  return lines.every((line) => READING.test(line));
}

/** Ends at the first command that fails, as a reader would. */
async function runCommands(text: string, { env, cwd, timeoutMs = TIMEOUT_MS }: PageRunner): Promise<string> {
  const options = { env, cwd, timeout: timeoutMs };
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', `exec 2>&1\n${text}`], options);
  return stdout;
}
