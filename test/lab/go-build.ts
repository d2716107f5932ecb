/** Builds Go programs through Go's module proxy, in a temporary folder. The target folder appears complete or not at all. */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, which } from './shell.ts';

export type Note = (text: string) => void;

const BUILD_TIMEOUT_MS = 3_600_000;

/** @param make builds in the first folder, into the second one, which becomes `target`. */
export async function withGo(
  what: string,
  target: string,
  make: (work: string, output: string) => Promise<void>,
): Promise<void> {
  if (!(await which('go'))) {
    throw new Error(`Cannot build ${what}: Go is not installed; install it`);
  }
  const work = await mkdtemp(join(tmpdir(), 'skycap-lab-'));
  const output = `${target}.part`;
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  try {
    await make(work, output);
    await rm(target, { recursive: true, force: true });
    await rename(output, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** `-v` prints each package as it is compiled. Go reports no other progress. */
export async function compile(folder: string, args: readonly string[], what: string, note: Note): Promise<void> {
  let compiled = 0;
  await goIn(folder)(['build', '-v', ...args], (line) => {
    compiled += 1;
    note(`compiling ${what}, package ${compiled} (${line})`);
  });
}

export function goIn(folder: string): (args: readonly string[], onLine?: (line: string) => void) => Promise<string> {
  const env = { CGO_ENABLED: '0', GOFLAGS: '-mod=mod' };
  return (args, onLine) =>
    run('go', args, { cwd: folder, env, timeoutMs: BUILD_TIMEOUT_MS, ...(onLine ? { onLine } : {}) });
}

export async function writeImports(folder: string, packages: readonly string[]): Promise<void> {
  const lines = packages.map((name) => `\t_ "${name}"\n`).join('');
  await writeFile(join(folder, 'imports.go'), `package lab\n\nimport (\n${lines})\n`);
}
