/**
 * Takes a lab down, whole or in pieces: at the end of a run, and before the next run after a crash.
 *
 * The lab's name and the process records in its state folder show all that can exist, so no memory of the run is necessary.
 */
import { cp, lstat, mkdir, rm } from 'node:fs/promises';
import { fileExists } from './buildah.ts';
import { removeCgroup } from './cgroups.ts';
import { type Layout, STATE_ROOT } from './layout.ts';
import { presentNamespaces, processesIn, removeNetwork } from './network.ts';
import { eventually } from './poll.ts';
import { identityOf, kill, killRecorded, recordedNames } from './processes.ts';

/** The data folders of containerd and etcd, which are large and have no logs. */
const NO_LOGS_IN = /\/(containerd|etcd|kubelet|cni|cgroup|run)$/;
const IS_LOG = /\.log$/;
const REMOVE_DEADLINE_MS = 15_000;

/** Ends and removes everything of the lab with this layout. Does nothing if there is nothing. */
export async function cleanUp(layout: Layout): Promise<void> {
  const names = await recordedNames(layout.pids);
  await Promise.all(names.map((name) => killRecorded(layout.pids, name)));
  // A crash between a start and its record leaves a process that only its namespace shows.
  for (const namespace of await presentNamespaces(layout)) {
    for (const pid of await processesIn(namespace)) {
      const identity = await identityOf(pid);
      if (identity) await kill(identity);
    }
  }
  await removeNetwork(layout);
  await removeCgroup(layout.cgroup);
  // The mounts go with the processes, but the kernel does that in its own time.
  await eventually(() => rm(layout.state, { recursive: true, force: true, maxRetries: 0 }).then(() => true), {
    what: `${layout.state} removed`,
    deadlineMs: REMOVE_DEADLINE_MS,
    intervalMs: 100,
  });
}

/** Copies the logs out of the state folder, and replaces the former copy. @returns the folder with the copy. */
export async function saveLogs(layout: Layout): Promise<string> {
  const target = `${layout.state}.logs`;
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await cp(layout.state, target, {
    recursive: true,
    filter: async (source) => ((await lstat(source)).isDirectory() ? !NO_LOGS_IN.test(source) : IS_LOG.test(source)),
  });
  return target;
}

/** Whether a lab of this layout left anything for {@link cleanUp}. */
export async function hasLeftovers(layout: Layout): Promise<boolean> {
  return fileExists(layout.state);
}

/** @throws {Error} if something else already has the lab's names. */
export async function refuseForeign(layout: Layout): Promise<void> {
  if (await hasLeftovers(layout)) return;
  const [foreign] = await presentNamespaces(layout);
  if (foreign) {
    throw new Error(
      `Cannot start the lab "${layout.name}": the network namespace ${foreign} exists, and ${STATE_ROOT} has no record of making it. ` +
        `Remove it with: ip netns delete ${foreign}`,
    );
  }
}
