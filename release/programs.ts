/**
 * `kubectl skycap` for a release: a package of npm that runs on any Node 20, and for Linux single programs with Node in them (Node's single executable applications).
 * There is none for macOS: it starts only programs that are signed there, and npm has no current Node for its ARM processors.
 */
import { copyFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileExists } from '../test/lab/buildah.ts';
import { npmPackage } from '../test/lab/npm-package.ts';
import { run } from '../test/lab/shell.ts';
import { pinnedNode } from './image.ts';
import type { Platform } from './options.ts';
import { packFolder } from './pack-folder.ts';
import type { Source } from './source.ts';

export const PROGRAM = 'kubectl-skycap';
/** Puts a resource into a program; Node's documentation names it. */
const POSTJECT_VERSION = '1.0.0-alpha.6';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const INJECT = `const [, api, program, blob, sentinelFuse] = process.argv;
require(api).inject(program, 'NODE_SEA_BLOB', require('fs').readFileSync(blob), { sentinelFuse });`;

export interface ProgramsRequest {
  readonly source: Source;
  readonly version: string;
  readonly platforms: readonly Platform[];
}

/** Writes the archives into the folder `output`. @param work a folder for intermediate files. @returns whether the sources have the plugin. */
export async function packPrograms(request: ProgramsRequest, output: string, work: string): Promise<boolean> {
  const { source, version, platforms } = request;
  if (!(await fileExists(join(source.folder, 'build-cli.mjs')))) return false;
  if (!(await fileExists(join(source.folder, 'node_modules'))))
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: source.folder });
  await run(process.execPath, ['build-cli.mjs'], { cwd: source.folder });
  const script = await packForNpm(request, output, work);
  const blob = join(work, 'blob');
  const config = { main: script, output: blob, disableExperimentalSEAWarning: true };
  await writeFile(join(work, 'sea.json'), JSON.stringify(config));
  await run(process.execPath, ['--experimental-sea-config', join(work, 'sea.json')]);
  const postject = await npmPackage('postject', POSTJECT_VERSION);
  for (const platform of platforms) {
    const folder = await emptyFolder(join(work, 'program'));
    const program = join(folder, PROGRAM);
    await copyFile(await pinnedNode(platform, source), program);
    // In a process of its own, since postject fills the standard error with warnings about sections that do not matter.
    await run(process.execPath, ['--eval', INJECT, join(postject, 'dist/api.js'), program, blob, FUSE]);
    await copyFile(join(source.folder, 'LICENSE'), join(folder, 'LICENSE'));
    await packFolder(folder, join(output, programArchive(version, platform)), source.epochSeconds);
    await rm(folder, { recursive: true });
  }
  return true;
}

export function programArchive(version: string, platform: Platform): string {
  return `${PROGRAM}-${version}-${platform.replace('/', '-')}.tar.gz`;
}

/** The package of npm. */
export function scriptArchive(version: string): string {
  return `${PROGRAM}-${version}.tgz`;
}

/** @returns the path of the script. */
async function packForNpm({ source, version }: ProgramsRequest, output: string, work: string): Promise<string> {
  const folder = await emptyFolder(join(work, 'npm'));
  await cp(join(source.folder, 'dist', PROGRAM), join(folder, 'package'), { recursive: true });
  await copyFile(join(source.folder, 'LICENSE'), join(folder, 'package/LICENSE'));
  await packFolder(folder, join(output, scriptArchive(version)), source.epochSeconds);
  return join(folder, 'package', `${PROGRAM}.js`);
}

async function emptyFolder(path: string): Promise<string> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
  return path;
}
