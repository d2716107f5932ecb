/** Runs a command as a user pastes it into a shell. */
import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { promisify } from 'node:util';
import { findBinaries } from '../../../support/control-plane.ts';

export async function paste(command: string, kubeconfig: string): Promise<void> {
  const env = { PATH: `${findBinaries()}:${process.env.PATH}`, HOME: homedir(), KUBECONFIG: kubeconfig };
  await promisify(execFile)('sh', ['-ec', command], { env });
}
