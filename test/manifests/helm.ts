/** Runs Helm with folders of its own, so that nothing of the user's is read or written. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { helmPath } from '../lab/helm.ts';
import { type RunResult, tryRun } from '../lab/shell.ts';

export const REPOSITORY = resolve(import.meta.dirname, '../..');
export const CHART = join(REPOSITORY, 'manifests/chart');
/** The namespace that `kubectl apply -k` installs into. */
export const NAMESPACE = 'skycap-system';

export async function tryHelm(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<RunResult> {
  const home = await mkdtemp(join(tmpdir(), 'skycap-helm-'));
  const folders = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
  try {
    return await tryRun(helmPath(), args, { env: { ...folders, ...env } });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** @throws {Error} with Helm's words. */
export async function helm(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, stdout, stderr } = await tryHelm(args, env);
  if (code !== 0) throw new Error(`Cannot run "helm ${args.join(' ')}": ${stderr.trim()}`);
  return stdout;
}

/** The chart as objects in YAML, without its tests. @param args such as `--set image.tag=1`. */
export function template(...args: readonly string[]): Promise<string> {
  return helm(['template', 'skycap', CHART, '--namespace', NAMESPACE, '--skip-tests', ...args]);
}
