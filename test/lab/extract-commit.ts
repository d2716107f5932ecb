/** The files of a commit of a repository, without its history. */
import { run } from './shell.ts';

/** @param commit what git calls so: a tag, or an abbreviated hash. @param folder exists. */
export async function extractCommit(repository: string, commit: string, folder: string): Promise<void> {
  const pipe = 'set -o pipefail; git -C "$1" archive "$2" | tar -x -C "$3"';
  await run('bash', ['-c', pipe, 'bash', repository, `${commit}^{commit}`, folder]);
}
