/** `kubectl skycap` for a release: a package of npm that runs on any Node 20, and single programs with Node in them. */
import { copyFile, cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileExists } from '../../test/lab/buildah.ts';
import { run } from '../../test/lab/shell.ts';
import type { ProgramPlatform } from '../options.ts';
import { packFolder } from '../pack-folder.ts';
import type { Source } from '../source.ts';
import { makeProgram, makeResource } from './single-program.ts';

export const PROGRAM = 'kubectl-skycap';

export interface ProgramsRequest {
  readonly source: Source;
  readonly version: string;
  readonly programPlatforms: readonly ProgramPlatform[];
}

/** Writes the archives into the folder `output`. @param work a folder for intermediate files. @returns whether the sources have the plugin. */
export async function packPrograms(request: ProgramsRequest, output: string, work: string): Promise<boolean> {
  const { source, version, programPlatforms } = request;
  if (!(await fileExists(join(source.folder, 'build-cli.mjs')))) return false;
  if (!(await fileExists(join(source.folder, 'node_modules'))))
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: source.folder });
  await run(process.execPath, ['build-cli.mjs'], { cwd: source.folder });
  const script = await packForNpm(request, output, work);
  const blob = await makeResource(script, work);
  const pack = async (platform: ProgramPlatform): Promise<void> => {
    const archive = programArchive(version, platform);
    const folder = await emptyFolder(join(work, `${archive}.d`));
    await makeProgram(platform, source, blob, join(folder, PROGRAM));
    await copyFile(join(source.folder, 'LICENSE'), join(folder, 'LICENSE'));
    await packFolder(folder, join(output, archive), source.epochSeconds);
    await rm(folder, { recursive: true });
  };
  // Two at a time: postject takes a gigabyte.
  const ofSystem = Map.groupBy(programPlatforms, (platform) => platform.split('/')[0]);
  await Promise.all(
    [...ofSystem.values()].map(async (platforms) => {
      for (const platform of platforms) await pack(platform);
    }),
  );
  return true;
}

export function programArchive(version: string, platform: ProgramPlatform): string {
  return `${PROGRAM}-${version}-${platform.replace('/', '-')}.tar.gz`;
}

/** The package of npm. */
function scriptArchive(version: string): string {
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
