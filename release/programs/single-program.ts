/** Node and a script as one program (Node's single executable applications). */
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { npmPackage } from '../../test/lab/npm-package.ts';
import { run } from '../../test/lab/shell.ts';
import { pinnedNode } from '../image.ts';
import type { ProgramPlatform } from '../options.ts';
import type { Source } from '../source.ts';
import { darwinNode } from './darwin-node.ts';
import { signAdHoc } from './mach-o/code-signature.ts';
import { makeRoom } from './mach-o/load-commands.ts';

/** Puts a resource into a program; Node's documentation names it. */
const POSTJECT_VERSION = '1.0.0-alpha.6';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/** postject's load command for a segment with one section. Without room for it postject moves the code, and the program ends at its start: nobody corrects `__init_offsets`. */
const SEGMENT_COMMAND_BYTES = 152;

const INJECT = `const [, api, program, blob, sentinelFuse] = process.argv;
const options = { sentinelFuse, machoSegmentName: 'NODE_SEA' };
require(api).inject(program, 'NODE_SEA_BLOB', require('fs').readFileSync(blob), options);`;

/** @returns the path of the resource that has the script. @param work a folder for intermediate files. */
export async function makeResource(script: string, work: string): Promise<string> {
  const blob = join(work, 'blob');
  const config = { main: script, output: blob, disableExperimentalSEAWarning: true };
  await writeFile(join(work, 'sea.json'), JSON.stringify(config));
  await run(process.execPath, ['--experimental-sea-config', join(work, 'sea.json')]);
  return blob;
}

/** Makes the program with the resource. */
export async function makeProgram(
  platform: ProgramPlatform,
  source: Source,
  blob: string,
  program: string,
): Promise<void> {
  switch (platform) {
    case 'linux/amd64':
    case 'linux/arm64':
      await copyFile(await pinnedNode(platform, source), program);
      return inject(blob, program);
    // macOS needs a signature on ARM only. The other program has no room for one.
    case 'darwin/amd64':
      await copyFile(await darwinNode(platform), program);
      await edit(program, (file) => {
        makeRoom(file, SEGMENT_COMMAND_BYTES);
        return file;
      });
      return inject(blob, program);
    case 'darwin/arm64':
      await copyFile(await darwinNode(platform), program);
      // postject removes the signature of Node.
      await inject(blob, program);
      await edit(program, (file) => signAdHoc(file, 'kubectl-skycap'));
  }
}

/** In a process of its own, since postject fills the standard error with warnings about sections that do not matter. */
async function inject(blob: string, program: string): Promise<void> {
  await chmod(program, 0o755);
  const postject = await npmPackage('postject', POSTJECT_VERSION);
  await run(process.execPath, ['--eval', INJECT, join(postject, 'dist/api.js'), program, blob, FUSE]);
}

async function edit(program: string, change: (file: Buffer) => Buffer): Promise<void> {
  await writeFile(program, change(await readFile(program)));
}
