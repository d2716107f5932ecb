/**
 * Long-lived processes that outlive the one that started them, and are ended by their id, also by a later run after a crash.
 *
 * A pid alone may by then belong to somebody else, so the record holds the start time that the kernel gave the process as well
 * (proc(5), field 22 of stat): both together name one process for ever.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eventually, GiveUp } from './poll.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot; a string, because it is only ever compared. */
  readonly startedAt: string;
}

export interface DaemonOptions {
  /** Folder of the records; the record is named `name`. */
  readonly pids: string;
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly log: string;
  readonly env?: Readonly<Record<string, string>>;
}

const KILL_DEADLINE_MS = 10_000;
const LINES_TOLD = 5;

/** Starts the command in a session of its own, with its output appended to the log. */
export async function startDaemon(options: DaemonOptions): Promise<ProcessIdentity> {
  await mkdir(dirname(options.log), { recursive: true });
  await mkdir(options.pids, { recursive: true });
  const log = openSync(options.log, 'a');
  const [program, ...args] = options.command;
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...options.env },
  });
  closeSync(log);
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid!));
    child.once('error', (error) => reject(new Error(`Cannot start "${program}": ${error.message}`)));
  });
  child.unref();
  const identity = (await identityOf(pid)) ?? { pid, startedAt: 'gone' };
  await writeFile(join(options.pids, options.name), `${identity.pid} ${identity.startedAt}\n`);
  return identity;
}

export async function readRecord(pids: string, name: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(join(pids, name), 'utf8').catch(() => '');
  const [pid, startedAt] = text.trim().split(' ');
  return pid && startedAt ? { pid: Number(pid), startedAt } : undefined;
}

export async function recordedNames(pids: string): Promise<string[]> {
  return readdir(pids).catch(() => []);
}

/** The process with this pid as it is now; undefined when there is none, or only its unread exit status (a zombie). */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The command's name stands in parentheses and may hold anything, spaces and parentheses included.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startedAt = fields[19];
  return startedAt === undefined || state === 'Z' || state === 'X' ? undefined : { pid, startedAt };
}

export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  return (await identityOf(identity.pid))?.startedAt === identity.startedAt;
}

/** Ends the recorded process at once, waits until it is gone, and forgets it. Nothing happens when it is gone already. */
export async function killRecorded(pids: string, name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const identity = await readRecord(pids, name);
  if (identity) await kill(identity, signal);
  await rm(join(pids, name), { force: true });
}

/** Sends the recorded process a signal that does not end it. @throws {Error} when it is gone. */
export async function signalRecorded(pids: string, name: string, signal: NodeJS.Signals): Promise<void> {
  const identity = await readRecord(pids, name);
  if (!identity || !(await isRunning(identity))) throw new Error(`Cannot send ${signal} to ${name}: it is not running`);
  process.kill(identity.pid, signal);
}

export async function kill(identity: ProcessIdentity, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (!(await isRunning(identity))) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  await eventually(async () => !(await isRunning(identity)), {
    what: `the end of process ${identity.pid}`,
    deadlineMs: KILL_DEADLINE_MS,
    intervalMs: 10,
  });
}

/**
 * For a probe that waits for an action of the recorded process.
 *
 * @throws {GiveUp} if the process has ended, with the last lines of its log.
 */
export async function refuseIfEnded(pids: string, name: string, log: string): Promise<void> {
  const identity = await readRecord(pids, name);
  if (identity && (await isRunning(identity))) return;
  const text = await readFile(log, 'utf8').catch(() => '');
  throw new GiveUp(
    `Cannot go on: ${name} has ended; the end of ${log}:\n${text.trimEnd().split('\n').slice(-LINES_TOLD).join('\n')}`,
  );
}

/** The processes that the given one started and that still run. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.trim() === '' ? [] : text.trim().split(' ').map(Number);
}
