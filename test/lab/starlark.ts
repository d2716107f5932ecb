/** Finds the interpreter of Starlark, Tilt's language, or builds it through Go's module proxy. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileExists } from './buildah.ts';
import { cachePath } from './cache.ts';
import { compile, goIn, type Note, withGo, writeImports } from './go-build.ts';

const VERSION = 'v0.0.0-20260908191801-89a6a09411d5';

/** @returns the program in the cache folder. */
export async function prepareStarlark(note: Note): Promise<string> {
  const folder = cachePath(`starlark-${VERSION}-${process.arch}`);
  const program = join(folder, 'starlark');
  if (!(await fileExists(program))) await withGo('Starlark', folder, (work, output) => build(work, output, note));
  return program;
}

async function build(work: string, output: string, note: Note): Promise<void> {
  await writeFile(join(work, 'go.mod'), `module skycap-lab\ngo 1.25\nrequire go.starlark.net ${VERSION}\n`);
  await writeImports(work, ['go.starlark.net/starlark']);
  await goIn(work)(['mod', 'tidy']);
  await compile(work, ['-trimpath', '-o', join(output, 'starlark'), 'go.starlark.net/cmd/starlark'], 'Starlark', note);
}
