/**
 * A process that a test starts and ends by its id. It dies with the test even when that is killed (setpriv --pdeathsig), and its
 * output is kept in a file that error messages quote.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';

const SETPRIV = '/usr/bin/setpriv';
const TAIL_CHARACTERS = 2_000;

export class Daemon {
  readonly name: string;
  readonly logFile: string;
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #exited: string | undefined;

  constructor(options: {
    readonly name: string;
    readonly command: string;
    readonly args: readonly string[];
    readonly logFile: string;
    readonly env?: NodeJS.ProcessEnv;
  }) {
    this.name = options.name;
    this.logFile = options.logFile;
    const log = openSync(options.logFile, 'a');
    // setpriv execs the command, so the child's id is the daemon's.
    const wrapped = existsSync(SETPRIV)
      ? [SETPRIV, '--pdeathsig', 'KILL', options.command, ...options.args]
      : [options.command, ...options.args];
    // A group of its own: Ctrl-C is for whoever started it, and ends it in order.
    this.#child = spawn(wrapped[0]!, wrapped.slice(1), {
      detached: true,
      stdio: ['ignore', log, log],
      env: options.env ?? process.env,
    });
    closeSync(log);
    this.#gone = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => this.#onGone(`exited with ${signal ?? `code ${code}`}`, resolve));
      this.#child.once('error', (error) => this.#onGone(`did not start: ${error.message}`, resolve));
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Why it is no longer running, or undefined while it is. */
  get exited(): string | undefined {
    return this.#exited;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#exited === undefined) this.#child.kill(signal);
  }

  /** Resolves when the process is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.signal(signal);
    await this.#gone;
  }

  /** The end of its output. */
  tail(): string {
    return readFileSync(this.logFile, 'utf8').slice(-TAIL_CHARACTERS);
  }

  #onGone(how: string, resolve: () => void): void {
    this.#exited = how;
    resolve();
  }
}
