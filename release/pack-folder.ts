/** Packs a folder into a tar archive that depends on nothing but names, contents and the given time. */
import { run } from '../test/lab/shell.ts';

export async function packFolder(folder: string, archive: string, epochSeconds: number): Promise<void> {
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX', '--format=ustar'];
  const compression = archive.endsWith('gz') ? ['--use-compress-program=gzip -n'] : [];
  await run('tar', [...same, `--mtime=@${epochSeconds}`, ...compression, '-cf', archive, '-C', folder, '.']);
}
