/** Skycap's image, built from the repository's Dockerfile. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildah, imageExists, imageFolder } from './buildah.ts';
import { exportImage, type OciImage } from './oci.ts';
import { run } from './shell.ts';

/** The same name as in `manifests/overlays/lab`. Not `latest`, since every pod start would then pull. */
export const SKYCAP_IMAGE = 'localhost/skycap:lab';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
/** The files that .dockerignore lets through, and the files that define the build. */
const INPUTS = [
  'Dockerfile',
  '.dockerignore',
  '.npmrc',
  'package.json',
  'package-lock.json',
  'build.mjs',
  'tsconfig.json',
  'lib',
  'webhook',
  'allocator',
  'speaker',
];

/** Builds the image if its content has changed since the last build. `note` gets the lines of the build. */
export async function buildSkycapImage(note: (text: string) => void): Promise<OciImage> {
  const inputs = await digestOf(INPUTS);
  const built = imageFolder('skycap.inputs');
  const last = await readFile(built, 'utf8').catch(() => undefined);
  if (last !== inputs || !(await imageExists(SKYCAP_IMAGE))) {
    await buildImage(REPOSITORY, SKYCAP_IMAGE, note);
    await writeFile(built, inputs);
  }
  note('exporting it');
  return exportImage(SKYCAP_IMAGE);
}

/** Builds the image of the folder's Dockerfile. Layers that were built before are not built again. @param options of `buildah build`, beside those of every build. */
export async function buildImage(
  folder: string,
  tag: string,
  note: (text: string) => void,
  options: readonly string[] = ['--pull-never'],
): Promise<void> {
  const npmCache = (await run('npm', ['config', 'get', 'cache'])).trim();
  await mkdir(npmCache, { recursive: true });
  // The packages that are on this machine already need not come from the network again.
  const volume = `--volume=${npmCache}:/root/.npm`;
  await buildah(['bud', '--layers', '--isolation=chroot', volume, ...options, `--tag=${tag}`, folder], {
    onLine: note,
  });
}

/** One digest of the names and contents of the files, and of those in the folders. */
async function digestOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of await filesIn(path)) {
      hash
        .update(`${file}\0`)
        .update(await readFile(join(REPOSITORY, file)))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

/** @returns the file itself, or all files below the folder, relative to the repository. */
async function filesIn(path: string): Promise<string[]> {
  const below = await readdir(join(REPOSITORY, path), { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (!below) return [path];
  const files = below.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((file) => relative(REPOSITORY, file)).sort();
}
