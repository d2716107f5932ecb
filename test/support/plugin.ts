/** Runs `kubectl skycap` in this process, as on a pipe, and collects what it prints. */
import { EventEmitter } from 'node:events';
import { homedir } from 'node:os';
import { runProgram } from '../../cli/program/run-program.ts';
import type { Surroundings } from '../../cli/session/surroundings.ts';

export interface PluginRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** @param env has the PATH on which the plugin finds kubectl. */
export async function runPlugin(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<PluginRun> {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({
    write: (text: string): boolean => {
      written[name] += text;
      return true;
    },
  });
  const around = Object.assign(new EventEmitter(), {
    stdin: {},
    stdout: stream('out'),
    stderr: stream('err'),
    // Without a home, kubectl caches in the current folder.
    env: { HOME: homedir(), ...env },
    version: '1.2.3',
  });
  const code = await runProgram(args, around as unknown as Surroundings);
  return { code, ...written };
}
