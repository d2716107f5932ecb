/** Packages of npm that are needed as files and not as dependencies, fetched once each into the cache folder. */
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileExists } from './buildah.ts';
import { cachePath } from './cache.ts';
import { run } from './shell.ts';

/** @returns the folder of the unpacked package. */
export async function npmPackage(name: string, version: string): Promise<string> {
  const folder = cachePath(name, version);
  if (await fileExists(folder)) return folder;
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  const packed = await run('npm', ['pack', '--silent', `${name}@${version}`], { cwd: part });
  await run('tar', ['-xzf', packed.trim(), '--strip-components=1'], { cwd: part });
  await rm(join(part, packed.trim()));
  JSON.parse(await readFile(join(part, 'package.json'), 'utf8'));
  await rename(part, folder);
  return folder;
}
