/** Images without a registry and without docker: buildah with a store of the lab's own in the cache folder. */
import { access } from 'node:fs/promises';
import { cachePath } from './cache.ts';
import { type RunOptions, run, tryRun } from './shell.ts';

export const imageFolder = (...parts: string[]): string => cachePath('images', ...parts);

export async function buildah(args: readonly string[], options?: RunOptions): Promise<string> {
  const store = ['--root', imageFolder('store'), '--runroot', imageFolder('store-run')];
  return (await run('buildah', [...store, ...args], options)).trim();
}

export async function imageExists(name: string): Promise<boolean> {
  const store = ['--root', imageFolder('store'), '--runroot', imageFolder('store-run')];
  return (await tryRun('buildah', [...store, 'inspect', '--type', 'image', name])).code === 0;
}

export interface CommitOptions {
  readonly from: string;
  readonly image: string;
  /** Source on this machine → path in the image; an archive (`.tar`) is unpacked there. */
  readonly add: readonly (readonly [source: string, target: string])[];
  /** Options of `buildah config`. */
  readonly config: readonly string[];
}

/** Makes an image of one layer more than `from` has. */
export async function commitImage(options: CommitOptions): Promise<void> {
  const container = await buildah(['from', '--pull-never', options.from]);
  try {
    for (const [source, target] of options.add) await buildah(['add', '--quiet', container, source, target]);
    await buildah(['config', ...options.config, container]);
    await buildah(['commit', '--quiet', container, options.image]);
  } finally {
    await buildah(['rm', container]);
  }
}

/** Writes the image as an archive that containerd imports under the image's own name. */
export async function writeArchive(image: string, path: string): Promise<void> {
  await buildah(['push', '--quiet', image, `oci-archive:${path}:${image}`]);
}

export async function fileExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
