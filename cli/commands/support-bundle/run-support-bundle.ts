/** Gathers for `support-bundle`, and reports which archive was written and what it lacks. */
import { rm, stat } from 'node:fs/promises';
import { EXIT } from '../../exit-codes.ts';
import type { Report } from '../../output/report.ts';
import { CommandError } from '../../session/failure.ts';
import type { Session } from '../../session/session.ts';
import { Archive } from './archive.ts';
import type { Gathering } from './gather.ts';
import { gatherObjects } from './gather-objects.ts';
import { gatherPods } from './gather-pods.ts';

export interface SupportBundleOptions {
  readonly file?: string;
  readonly skycapNamespace: string;
}

export async function runSupportBundle(session: Session, options: SupportBundleOptions): Promise<Report> {
  const nowMs = session.nowMs();
  const folder = `skycap-support-${new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')}`;
  const path = options.file ?? `${folder}.tar.gz`;
  const archive = new Archive(path, folder, nowMs);
  const notes: string[] = [];
  try {
    await gather({ session, archive, notes, skycapNamespace: options.skycapNamespace });
    await archive.close();
  } catch (error) {
    throw await failure(error, path, session);
  }
  const data = { file: path, files: archive.files, bytes: (await stat(path)).size, lacks: notes };
  const text = [
    `Wrote ${path} (${data.files} files, ${Math.ceil(data.bytes / 1000)} kB). Look through it before you give it away.`,
    ...(notes.length > 0 ? [`It lacks:`, ...notes.map((note) => `  ${note}`)] : []),
  ].join('\n');
  return { data, text: () => text, exitCode: EXIT.fine };
}

async function gather(gathering: Gathering): Promise<void> {
  const { session, archive, notes } = gathering;
  session.say('Reading objects …');
  await gatherObjects(gathering);
  session.say('Reading logs, metrics and the state of BIRD …');
  const pods = await gatherPods(gathering);
  if (pods === 0)
    notes.push(
      `pods: none of Skycap is known in namespace ${gathering.skycapNamespace} (--skycap-namespace names another).`,
    );
  await archive.addText(
    'notes.txt',
    `${['This archive lacks:', ...(notes.length > 0 ? notes : ['nothing'])].join('\n')}\n`,
  );
}

/** A file that is not whole is removed; one that was there before stays. */
async function failure(error: unknown, path: string, { signal }: Session): Promise<unknown> {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') return new CommandError(`${path} is there already: name another file with --file.`);
  await rm(path, { force: true });
  if (signal.aborted || !code) return error;
  return new CommandError(`Cannot write ${path}: ${message}. Name another file with --file.`);
}
