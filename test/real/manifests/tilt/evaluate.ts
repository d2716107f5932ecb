/** Evaluates the Tiltfile as Tilt would, with stubs for Tilt's functions (`stubs.star`). */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { tryRun } from '../../../lab/shell.ts';
import { REPOSITORY } from '../../../manifests/helm.ts';

export interface Call {
  readonly function: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the Tiltfile passes
  readonly args: readonly any[];
  // biome-ignore lint/suspicious/noExplicitAny: whatever the Tiltfile passes
  readonly options: Readonly<Record<string, any>>;
}

export interface World {
  readonly context: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Part of a command → its output. */
  readonly answers?: Readonly<Record<string, string>>;
}

const EXAMPLES = ['eip', 'bgpconf', 'bgppeer', 'service'].map((name) => `examples/${name}.yaml`);

/** @returns the calls of Tilt's functions, in order. @throws {Error} with the text of `fail`. */
export async function evaluateTiltfile(starlark: string, world: World): Promise<readonly Call[]> {
  const files: Record<string, unknown> = world.settings ? { 'tilt-settings.yaml': world.settings } : {};
  for (const path of EXAMPLES) {
    const text = await readFile(join(REPOSITORY, path), 'utf8');
    files[path] = parseAllDocuments(text).map((document) => document.toJS());
  }
  const value = JSON.stringify({ context: world.context, files, answers: world.answers ?? {} });
  const parts = [
    // A JSON string is one of Starlark, too.
    `WORLD = json.decode(${JSON.stringify(value)})`,
    await readFile(join(import.meta.dirname, 'stubs.star'), 'utf8'),
    await readFile(join(REPOSITORY, 'Tiltfile'), 'utf8'),
    'print(json.encode(CALLS))',
  ];
  const folder = await mkdtemp(join(tmpdir(), 'skycap-tilt-'));
  try {
    const file = join(folder, 'Tiltfile.star');
    await writeFile(file, parts.join('\n'));
    const { code, stderr } = await tryRun(starlark, ['-globalreassign', file]);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stderr.slice(stderr.indexOf('[{'))) as Call[];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
