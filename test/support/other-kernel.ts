/**
 * Runs a test file in a kernel of its own: User Mode Linux, Debian's, a process like any other that needs nothing of the processor. Its files are this
 * machine's, to be read only; its processes and its network are its own, and gone with it.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Package → its program. Debian has it for the PC's processors only; kernels for others have all that is tested here. */
export const OTHER_KERNEL = { 'user-mode-linux': 'linux.uml', gcc: 'gcc' } as const;

const ROOT = join(import.meta.dirname, '../..');
const INIT = join(import.meta.dirname, 'other-kernel-init.sh');
const REGISTERS = join(import.meta.dirname, 'other-kernel-registers.c');
const MEMORY = '1200M';
const DEADLINE_MS = 240_000;

export interface OtherRun {
  readonly passed: number;
  readonly failed: number;
  /** The output of kernel and tests. */
  readonly output: string;
}

/** @param file a test of `jest.real.config.js`, from the top of the project. */
export async function runInOtherKernel(file: string): Promise<OtherRun> {
  const command = OTHER_KERNEL['user-mode-linux'];
  if (process.env.TEST_ROOT !== undefined)
    throw new Error(`Cannot run ${file} in another kernel: this is the other one`);
  await using folder = await mkdtempDisposable(join(tmpdir(), 'skycap-kernel-'));
  const registers = join(folder.path, 'registers.so');
  await promisify(execFile)('gcc', ['-shared', '-fPIC', '-O1', '-nostdlib', '-o', registers, REGISTERS]);
  const kernel = spawn(
    command,
    [
      ...[`mem=${MEMORY}`, 'rootfstype=hostfs', 'rootflags=/', 'ro', `init=${INIT}`],
      // Where its sockets are.
      `uml_dir=${folder.path}`,
      // Its console is the standard output, and nobody types.
      ...['con=null', 'con0=null,fd:1', 'quiet', 'loglevel=1'],
      // The kernel hands unknown parameters to its first process.
      ...[`TEST_ROOT=${ROOT}`, `TEST_NODE=${process.execPath}`, `TEST_FILE=${file}`],
    ],
    // By SIGTERM, which ends its processes as well.
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LD_PRELOAD: registers },
      signal: AbortSignal.timeout(DEADLINE_MS),
    },
  );
  let output = '';
  for (const stream of [kernel.stdout, kernel.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  try {
    await once(kernel, 'close');
  } catch (error) {
    throw new Error(`Cannot run ${file} in another kernel: ${command} said\n${output}`, { cause: error });
  }
  const count = (what: string) => Number(new RegExp(`^Tests:.* (\\d+) ${what}`, 'm').exec(output)?.[1] ?? 0);
  return { passed: count('passed'), failed: count('failed'), output };
}
