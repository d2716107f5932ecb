/** Runs kubectl with the user's credentials, for what needs a protocol of its own, such as `exec`. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface KubectlOptions {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 20_000;
const MOST_BYTES = 4_000_000;

/** @returns the standard output. @throws with kubectl's words. */
export async function runKubectl(args: readonly string[], options: KubectlOptions): Promise<string> {
  const { kubeconfig, context, env, signal } = options;
  const cluster = [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(context === undefined ? [] : ['--context', context]),
  ];
  try {
    const run = { env, signal, timeout: TIMEOUT_MS, maxBuffer: MOST_BYTES };
    return (await promisify(execFile)('kubectl', [...cluster, ...args], run)).stdout;
  } catch (error) {
    if (signal.aborted) throw error;
    const { code, stderr = '', message } = error as NodeJS.ErrnoException & { readonly stderr?: string };
    if (code === 'ENOENT') throw new Error('kubectl is not on the PATH');
    throw new Error(stderr.trim() || message);
  }
}
