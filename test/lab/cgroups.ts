/**
 * The cgroups that hold the nodes' pods: one folder `<lab>/<node>` in every hierarchy, made before a kubelet starts and removed after.
 *
 * Both layouts occur: version 2 alone at /sys/fs/cgroup (Debian 12 as installed), and version 1 with one hierarchy a controller,
 * an empty version 2 beside them. Paths in here are given by the kernel's mount table, never assumed.
 */
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface CgroupHierarchy {
  readonly version: 1 | 2;
  readonly path: string;
}

/** Controllers that kubelet and runc use. Those that the kernel has are enabled for the child cgroups. */
const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids', 'io', 'hugetlb'];
const REMOVE_ATTEMPTS = 100;
/**
 * The weight of the pods of all nodes together, sixteen times that of a thread outside. With the kernel's default they would count as one thread beside the many of
 * the API server, and be starved by it for seconds; machines of their own have processors of their own.
 */
const WEIGHTS = { 'cpu.shares': '16384', 'cpu.weight': '1600' };

/** The cgroup mounts in the text of /proc/self/mounts. */
export function cgroupHierarchies(mounts: string): CgroupHierarchy[] {
  return mounts.split('\n').flatMap((line): CgroupHierarchy[] => {
    const [, path = '', type] = line.split(' ');
    const version = type === 'cgroup' ? 1 : type === 'cgroup2' ? 2 : undefined;
    return version && path.startsWith('/sys/fs/cgroup') ? [{ version, path }] : [];
  });
}

/** Makes `group` (such as `skl/n1`) ready for a kubelet in every hierarchy. */
export async function makeCgroup(group: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    let path = hierarchy.path;
    for (const [depth, part] of group.split('/').entries()) {
      if (hierarchy.version === 2) await handDownControllers(path);
      const parent = path;
      path = join(path, part);
      await mkdir(path, { recursive: true });
      if (depth === 0) await raiseWeight(path);
      if (hierarchy.version === 1) await fillCpuset(parent, path);
    }
    if (hierarchy.version === 2) await handDownControllers(path);
  }
}

/** Removes the group and all below it. What lived in it must have ended; the kernel may take a moment to notice. */
export async function removeCgroup(group: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    const path = join(hierarchy.path, group);
    for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
      if (await removeTree(path)) break;
      await sleep(50);
    }
  }
}

async function hierarchies(): Promise<CgroupHierarchy[]> {
  return cgroupHierarchies(await readFile('/proc/self/mounts', 'utf8'));
}

/** A hierarchy without the processor has neither of these files. */
async function raiseWeight(path: string): Promise<void> {
  for (const [name, value] of Object.entries(WEIGHTS)) {
    const present = await readFile(join(path, name), 'utf8').catch(() => undefined);
    if (present !== undefined) await writeFile(join(path, name), value);
  }
}

/** Version 1's cpuset starts empty, and nothing can run in it until it is filled. */
async function fillCpuset(parent: string, path: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const value = await readFile(join(parent, file), 'utf8').catch(() => undefined);
    if (value !== undefined) await writeFile(join(path, file), value);
  }
}

async function handDownControllers(path: string): Promise<void> {
  const present = (await readFile(join(path, 'cgroup.controllers'), 'utf8').catch(() => '')).trim().split(' ');
  for (const controller of CONTROLLERS.filter((name) => present.includes(name))) {
    await writeFile(join(path, 'cgroup.subtree_control'), `+${controller}`).catch(() => {
      // If a controller can't be enabled here, because of a process in the cgroup, kubelet works without it.
    });
  }
}

/** @returns whether nothing is left. A cgroup's files cannot be removed, its folders can, from the leaves up. */
async function removeTree(path: string): Promise<boolean> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(path, entry.name));
  return rmdir(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
}
