/** Puts Skycap into the lab's cluster as a user would, from its own manifests, and waits for it. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from './lab.ts';
import { eventually } from './poll.ts';

export const SKYCAP_NAMESPACE = 'skycap-system';
export const SKYCAP_WORKLOADS = [
  'deployment/skycap-webhook',
  'deployment/skycap-allocator',
  'daemonset/skycap-speaker',
];

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const ROLLOUT_DEADLINE_SECONDS = 90;
const RESTART_GRACE_SECONDS = 1;

interface Pod {
  readonly metadata: { readonly uid: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** The repository's manifests with the lab's image in them. */
export const LAB_OVERLAY = join(REPOSITORY, 'manifests/overlays/lab');
/** The examples with the lab's image in them. */
export const EXAMPLES_OVERLAY = join(LAB_OVERLAY, 'examples');

export async function installSkycap(lab: Lab): Promise<void> {
  await lab.kubectl(['apply', '-k', LAB_OVERLAY]);
}

/** @throws {Error} at the deadline, with the pods as they are then: kubectl itself only says that it waited. */
export async function waitForSkycap(lab: Lab): Promise<void> {
  const rollouts = SKYCAP_WORKLOADS.map((workload) =>
    lab.kubectl(['-n', SKYCAP_NAMESPACE, 'rollout', 'status', workload, `--timeout=${ROLLOUT_DEADLINE_SECONDS}s`]),
  );
  const failed = (await Promise.allSettled(rollouts)).find((result) => result.status === 'rejected');
  if (!failed) return;
  const pods = await lab.kubectl(['-n', SKYCAP_NAMESPACE, 'get', 'pods', '-o', 'wide']);
  throw new Error(`${failed.reason instanceof Error ? failed.reason.message : failed.reason}\n${pods}`, {
    cause: failed.reason,
  });
}

/**
 * Replaces every pod at once, so that all run the image as it is now. A rollout would go one by one, which is right where somebody is
 * served meanwhile, and takes four times as long.
 */
export async function restartSkycap(lab: Lab): Promise<void> {
  const former = new Set((await skycapPods(lab)).map(({ metadata }) => metadata.uid));
  const grace = `--grace-period=${RESTART_GRACE_SECONDS}`;
  await lab.kubectl(['-n', SKYCAP_NAMESPACE, 'delete', 'pods', '--all', grace, '--wait=false']);
  await eventually(
    async () => {
      const fresh = (await skycapPods(lab)).filter((pod) => !former.has(pod.metadata.uid) && isReady(pod));
      if (fresh.length < former.size) throw new Error(`${fresh.length} are`);
      return true;
    },
    { what: `${former.size} new pods ready`, deadlineMs: ROLLOUT_DEADLINE_SECONDS * 1000, intervalMs: 200 },
  );
}

async function skycapPods(lab: Lab): Promise<readonly Pod[]> {
  return (await lab.api.get<{ items: Pod[] }>(`/api/v1/namespaces/${SKYCAP_NAMESPACE}/pods`)).items;
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
