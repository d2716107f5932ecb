/** The sources of a release: the files of this checkout, or those of a commit in a folder of their own. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractCommit } from '../test/lab/extract-commit.ts';
import { tryRun } from '../test/lab/shell.ts';

export interface Source {
  readonly folder: string;
  /** The commit; with `-dirty` if files of the checkout differ from it. Empty outside of a repository. */
  readonly revision: string;
  /** Seconds since 1970 of the commit: files in the release have this time. */
  readonly epochSeconds: number;
  readonly version: string;
}

/** Gives `work` the sources of the commit, or of the checkout if `commit` is undefined. */
export async function withSource<T>(
  repository: string,
  commit: string | undefined,
  work: (source: Source) => Promise<T>,
): Promise<T> {
  if (commit === undefined) return work(await describe(repository, repository, 'HEAD'));
  const folder = await mkdtemp(join(tmpdir(), 'skycap-release-'));
  try {
    await extractCommit(repository, commit, folder);
    if (!existsSync(join(folder, 'manifests/chart/Chart.yaml')))
      throw new Error(`Cannot release ${commit}: it has no chart yet; choose a later commit`);
    return await work(await describe(folder, repository, commit));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function describe(folder: string, repository: string, commit: string): Promise<Source> {
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  const { code, stdout } = await tryRun('git', ['-C', repository, 'log', '-1', '--format=%H %ct', commit, '--']);
  const [hash = '', seconds = '0'] = code === 0 ? stdout.trim().split(' ') : [];
  const isDirty =
    folder === repository && (await tryRun('git', ['-C', repository, 'diff', '--quiet', 'HEAD'])).code === 1;
  return { folder, version, revision: `${hash}${isDirty ? '-dirty' : ''}`, epochSeconds: Number(seconds) };
}
