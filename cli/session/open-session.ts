/** Opens the session of a command: reads the kubeconfig, and makes a client that connects with its first request. */

import type { Session } from './session.ts';
import type { Surroundings } from './surroundings.ts';

export interface SessionOptions {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly context?: string;
  readonly kubeconfig?: string;
}

export interface OpenedSession {
  readonly session: Session;
  close(): Promise<void>;
}

/** A command reads what its user waits for; a large list may take some seconds. */
const REQUEST_TIMEOUT_MS = 30_000;

export async function openSession(
  options: SessionOptions,
  around: Surroundings,
  signal: AbortSignal,
): Promise<OpenedSession> {
  const [{ HttpKubeClient }, { kubeconfigAccess, kubeconfigNamespace }] = await Promise.all([
    import('../../lib/kube/http/http-client.ts'),
    import('../../lib/kube/access/kubeconfig-access.ts'),
  ]);
  const { namespace, context, kubeconfig } = options;
  const from = kubeconfig === undefined ? 'default' : { path: kubeconfig };
  const client = new HttpKubeClient(
    kubeconfigAccess(from, () => performance.now(), context),
    { component: 'kubectl', requestTimeoutMs: REQUEST_TIMEOUT_MS },
  );
  const session: Session = {
    client,
    serverVersion: () => client.serverVersion(signal),
    namespace: namespace ?? (await kubeconfigNamespace(from, context)) ?? 'default',
    onlyNamespace: options.allNamespaces ? undefined : namespace,
    kubectl: async (args) =>
      (await import('./run-kubectl.ts')).runKubectl(args, { kubeconfig, context, env: around.env, signal }),
    readText: (path) => client.readText(path, signal),
    signal,
    nowMs: () => Date.now(),
    say: (line) => around.stderr.write(`${line}\n`),
    confirm: (question) => confirm(question, around),
  };
  return { session, close: () => client.close() };
}

async function confirm(question: string, { stdin, stderr }: Surroundings): Promise<boolean> {
  if (!stdin.isTTY) return false;
  const { createInterface } = await import('node:readline/promises');
  const prompt = createInterface({ input: stdin, output: stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `)).trim());
  } finally {
    prompt.close();
  }
}
