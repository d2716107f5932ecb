/**
 * A machine of the lab: a network namespace, and a first process with mounts, process ids, host name and IPC of its own.
 *
 * Ending the recorded parent of the first process ends everything in the machine and takes its mounts away, as losing power does.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Layout, namespaceOf } from './layout.ts';
import { enterNamespace } from './network.ts';
import { eventually } from './poll.ts';
import { childrenOf, isRunning, killRecorded, readRecord, refuseIfEnded, startDaemon } from './processes.ts';
import { type RunOptions, run } from './shell.ts';

const INIT_DEADLINE_MS = 5_000;

export class Machine {
  readonly name: string;
  /** The machine's own folder: its disk, sockets and logs. */
  readonly folder: string;
  readonly #layout: Layout;

  constructor(layout: Layout, name: string) {
    this.#layout = layout;
    this.name = name;
    this.folder = join(layout.state, name);
  }

  get log(): string {
    return join(this.folder, 'init.log');
  }

  /** @param script runs as the machine's first process and must not end. */
  async boot(script: string, env: Readonly<Record<string, string>>): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await startDaemon({
      pids: this.#layout.pids,
      name: this.name,
      log: this.log,
      env: { ...env, LAB_HOSTNAME: this.name, LAB_FOLDER: this.folder },
      command: enterNamespace(namespaceOf(this.#layout, this.name), [
        'unshare',
        '--mount',
        '--pid',
        '--fork',
        '--kill-child',
        '--uts',
        '--ipc',
        '--mount-proc',
        '--propagation=private',
        '/bin/bash',
        script,
      ]),
    });
  }

  /** Ends everything in the machine at once. */
  async kill(): Promise<void> {
    await killRecorded(this.#layout.pids, this.name);
  }

  /** @throws {GiveUp} if the machine is off, with the last lines of its first process. */
  async refuseIfOff(): Promise<void> {
    await refuseIfEnded(this.#layout.pids, this.name, this.log);
  }

  async isRunning(): Promise<boolean> {
    const record = await readRecord(this.#layout.pids, this.name);
    return record !== undefined && (await isRunning(record));
  }

  /** Runs a program inside, @returns its output. */
  async exec(command: readonly string[], options?: RunOptions): Promise<string> {
    const [program, ...args] = await this.enter(command);
    return run(program, args, options);
  }

  /** The command that runs `command` inside. */
  async enter(command: readonly string[]): Promise<[string, ...string[]]> {
    const record = await readRecord(this.#layout.pids, this.name);
    if (!record || !(await isRunning(record)))
      throw new Error(`Cannot run a program on "${this.name}": it is switched off`);
    const init = await eventually(async () => (await childrenOf(record.pid))[0], {
      what: `the first process of ${this.name}`,
      deadlineMs: INIT_DEADLINE_MS,
      intervalMs: 5,
    });
    return ['nsenter', `--target=${init}`, '--net', '--mount', '--pid', '--uts', '--ipc', '--', ...command];
  }
}
