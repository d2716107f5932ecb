/** Puts Skycap into the lab's cluster as a user would, from its own manifests, and waits for it. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from './lab.ts';

export const SKYCAP_NAMESPACE = 'skycap-system';
export const SKYCAP_WORKLOADS = [
  'deployment/skycap-webhook',
  'deployment/skycap-allocator',
  'daemonset/skycap-speaker',
];

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const ROLLOUT_DEADLINE_SECONDS = 90;

/** The repository's manifests with the lab's image in them. */
export const LAB_OVERLAY = join(REPOSITORY, 'manifests/overlays/lab');
/** The examples with the lab's image in them. */
export const EXAMPLES_OVERLAY = join(LAB_OVERLAY, 'examples');

export async function installSkycap(lab: Lab): Promise<void> {
  await lab.kubectl(['apply', '-k', LAB_OVERLAY]);
}

export async function waitForSkycap(lab: Lab): Promise<void> {
  await Promise.all(
    SKYCAP_WORKLOADS.map((workload) =>
      lab.kubectl(['-n', SKYCAP_NAMESPACE, 'rollout', 'status', workload, `--timeout=${ROLLOUT_DEADLINE_SECONDS}s`]),
    ),
  );
}

/**
 * Replaces every pod, so that all run the image as it is now. The DaemonSet's own way goes node by node; deleting its pods makes it
 * replace them all at once.
 */
export async function restartSkycap(lab: Lab): Promise<void> {
  const inNamespace = ['-n', SKYCAP_NAMESPACE];
  await lab.kubectl([...inNamespace, 'rollout', 'restart', ...SKYCAP_WORKLOADS]);
  await lab.kubectl([...inNamespace, 'delete', 'pods', '-l', 'app.kubernetes.io/component=speaker', '--wait=false']);
  await waitForSkycap(lab);
}
