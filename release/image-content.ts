/** Reads from an image of buildah's store which packages are in it. Nothing of the image runs, so that it may be of another architecture. */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildah, fileExists } from '../test/lab/buildah.ts';
import type { Platform } from './options.ts';
import { type DebianPackage, type NpmPackage, parseDebianPackage } from './sbom.ts';

export interface Packages {
  readonly npm: readonly NpmPackage[];
  readonly debian: readonly DebianPackage[];
  readonly node: string;
}

/** @returns undefined if the image was built from sources whose build does not write the list of its packages. */
export async function readPackages(image: string): Promise<Packages | undefined> {
  return withImage(image, async (root) => {
    const list = join(root, 'app/packages.json');
    if (!(await fileExists(list))) return undefined;
    const folder = join(root, 'var/lib/dpkg/status.d');
    const paragraphs = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
    return {
      npm: JSON.parse(await readFile(list, 'utf8')) as NpmPackage[],
      debian: paragraphs.map(parseDebianPackage),
      node: nodeVersion(await readFile(join(root, 'usr/local/bin/node'))),
    };
  });
}

/** Gives `work` the folder in which the files of the image are. */
export async function withImage<T>(image: string, work: (root: string) => Promise<T>): Promise<T> {
  const container = await buildah(['from', '--pull-never', image]);
  try {
    return await work(await buildah(['mount', container]));
  } finally {
    await buildah(['rm', container]);
  }
}

/** By the address of its sources, which Node has in its binary as `process.release.sourceUrl`. */
function nodeVersion(binary: Buffer): string {
  const end = binary.indexOf('.tar.gz', binary.indexOf('/node-v'));
  const version = /node-v(\d+\.\d+\.\d+)$/.exec(binary.toString('latin1', end - 40, end))?.[1];
  if (!version) throw new Error('Cannot list the content of the image: its Node does not say its version');
  return version;
}

/** e_machine of elf.h. */
const ELF_MACHINES: Readonly<Record<Platform, number>> = { 'linux/amd64': 62, 'linux/arm64': 183 };

/** A Dockerfile that knows nothing of architectures would copy this machine's programs. @throws {Error} */
export async function refuseOtherArchitecture(image: string, platform: Platform): Promise<void> {
  const machine = await withImage(image, async (root) => {
    await using file = await open(join(root, 'usr/local/bin/node'));
    const header = await file.read(Buffer.alloc(20), 0, 20, 0);
    return header.buffer.readUInt16LE(18);
  });
  if (machine !== ELF_MACHINES[platform])
    throw new Error(
      `Cannot build for ${platform}: the Dockerfile of these sources builds for this machine only; set --platform`,
    );
}
