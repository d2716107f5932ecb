/** Runs other programs: output collected, failure told in one sentence with the last lines that the program said. */
import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** @default 600_000 */
  readonly timeoutMs?: number;
  /** Called with each line on either output, for a progress display. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const LINES_TOLD = 6;
const DEFAULT_TIMEOUT_MS = 600_000;

/** Thrown by {@link run}; `stderr` is complete. */
export class CommandError extends Error {
  readonly result: RunResult;

  constructor(command: readonly string[], result: RunResult) {
    const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-LINES_TOLD).join('\n  ');
    super(`Cannot run "${command.join(' ').slice(0, 200)}": exit code ${result.code}${said && `\n  ${said}`}`);
    this.name = 'CommandError';
    this.result = result;
  }
}

/** @returns the program's standard output. @throws {CommandError} unless it ends with 0. */
export async function run(command: string, args: readonly string[] = [], options: RunOptions = {}): Promise<string> {
  const result = await tryRun(command, args, options);
  if (result.code !== 0) throw new CommandError([command, ...args], result);
  return result.stdout;
}

/** Like {@link run}, for callers that expect failures. A missing program gives 127, and a killed one 137. */
export function tryRun(command: string, args: readonly string[] = [], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ? { ...process.env, ...options.env } : process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    if (options.onLine) {
      const onLine = options.onLine;
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (text: string) => {
          for (const line of text.split('\n')) if (line !== '') onLine(line);
        });
      }
    }
    child.once('error', (error) => resolve({ code: 127, stdout, stderr: stderr || error.message }));
    child.once('close', (code, signal) => resolve({ code: code ?? (signal ? 137 : 1), stdout, stderr }));
    // It is no error if a program ends without reading its input.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** The program's path, or undefined when PATH has none. Debian keeps daemons in sbin, which a user's PATH may lack. */
export async function which(program: string): Promise<string | undefined> {
  const { code, stdout } = await tryRun('sh', ['-c', 'PATH="$PATH:/usr/sbin:/sbin"; command -v "$1"', 'sh', program]);
  return code === 0 ? stdout.trim() : undefined;
}
