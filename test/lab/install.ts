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

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly ready: boolean;
      readonly state?: { readonly running?: { readonly startedAt: string } };
    }[];
  };
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
 * Ends every container, for kubelet to start it again from the image as it is now. A rollout would replace one pod after the other, which is
 * right where somebody is served meanwhile, and takes four times as long.
 */
export async function restartSkycap(lab: Lab): Promise<void> {
  const before = await startsByContainer(lab);
  await Promise.all(lab.nodes.map((node) => node.signalContainers({ namespace: SKYCAP_NAMESPACE }, 'SIGKILL')));
  await eventually(
    async () => {
      const now = await startsByContainer(lab);
      const waiting = [...before].filter(([name, start]) => !now.get(name) || now.get(name) === start);
      return waiting.length === 0 || Promise.reject(new Error(`not yet: ${waiting.map(([name]) => name).join(', ')}`));
    },
    { what: `${before.size} containers started again`, deadlineMs: ROLLOUT_DEADLINE_SECONDS * 1000, intervalMs: 200 },
  );
}

/** `<pod>/<container>` → when it started, if it is ready. */
async function startsByContainer(lab: Lab): Promise<Map<string, string | undefined>> {
  const { items } = await lab.api.get<{ items: Pod[] }>(`/api/v1/namespaces/${SKYCAP_NAMESPACE}/pods`);
  return new Map(
    items.flatMap(({ metadata, status }) =>
      (status?.containerStatuses ?? []).map(({ name, ready, state }) => [
        `${metadata.name}/${name}`,
        ready ? state?.running?.startedAt : undefined,
      ]),
    ),
  );
}
