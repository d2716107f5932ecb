/** Skycap as it was at an earlier commit: its manifests and its image, from the history of this repository. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileExists } from './buildah.ts';
import { cachePath } from './cache.ts';
import { extractCommit } from './extract-commit.ts';
import { whilePreparing } from './lock.ts';
import { exportImage, type OciImage } from './oci.ts';
import { run, tryRun } from './shell.ts';
import { buildImage } from './skycap-image.ts';

export interface FormerRelease {
  /** For `kubectl apply -k`: the lab's overlay of that commit, with the image of that commit. */
  readonly overlay: string;
  readonly image: OciImage;
}

/** Where an upgrade begins: a tag, or a commit until there is one. */
export const LAST_RELEASE = process.env.SKYCAP_LAST_RELEASE || '119e4a551d5be7be58aff01e209ffb2592f5f003';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** @param commit what git calls so: a tag, or an abbreviated hash. */
export async function prepareFormerRelease(
  commit: string,
  note: (text: string) => void = () => {},
): Promise<FormerRelease> {
  const hash = await commitOf(commit);
  const short = hash.slice(0, 12);
  return whilePreparing(async () => {
    const folder = await checkOut(hash);
    const overlay = await writeOverlay(folder, short);
    const tag = `localhost/skycap:${short}`;
    await buildImage(folder, tag, note);
    return { overlay, image: await exportImage(tag) };
  });
}

/** The files of that commit. @returns their folder. */
export async function formerFolder(commit: string): Promise<string> {
  const hash = await commitOf(commit);
  return whilePreparing(() => checkOut(hash));
}

/** A shallow clone fetches the history first: it has no former commit. */
async function commitOf(name: string): Promise<string> {
  const parse = ['-C', REPOSITORY, 'rev-parse', '--verify', '--quiet', `${name}^{commit}`];
  const known = await tryRun('git', parse);
  if (known.code === 0) return known.stdout.trim();
  await tryRun('git', ['-C', REPOSITORY, 'fetch', '--unshallow', '--tags']);
  return (
    await run('git', parse).catch((cause) => {
      throw new Error(`Cannot find the commit ${name}: fetch the history with \`git fetch --unshallow --tags\``, {
        cause,
      });
    })
  ).trim();
}

async function checkOut(hash: string): Promise<string> {
  const folder = cachePath('releases', hash.slice(0, 12));
  if (await fileExists(folder)) return folder;
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  await extractCommit(REPOSITORY, hash, part);
  await mkdir(dirname(folder), { recursive: true });
  await rename(part, folder);
  return folder;
}

async function writeOverlay(folder: string, tag: string): Promise<string> {
  const overlay = join(folder, 'manifests/overlays/former');
  await mkdir(overlay, { recursive: true });
  const images = [{ name: 'localhost/skycap', newTag: tag }];
  await writeFile(join(overlay, 'kustomization.yaml'), JSON.stringify({ resources: ['../lab'], images }));
  return overlay;
}
