/** The image of the pods' sandbox container, made once from a program of a hundred bytes. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { commitImage, fileExists, imageFolder, writeArchive } from './buildah.ts';
import { PAUSE_IMAGE } from './node-config.ts';
import { pauseProgram } from './pause-program.ts';

/** @returns the path of the image's archive. */
export async function preparePauseImage(): Promise<string> {
  const archive = imageFolder('pause-1.tar');
  if (await fileExists(archive)) return archive;
  await mkdir(imageFolder(), { recursive: true });
  const program = imageFolder('pause');
  await writeFile(program, pauseProgram(process.arch), { mode: 0o755 });
  await commitImage({
    from: 'scratch',
    image: PAUSE_IMAGE,
    add: [[program, '/pause']],
    config: ['--entrypoint', '["/pause"]'],
  });
  await rm(`${archive}.part`, { force: true });
  await writeArchive(PAUSE_IMAGE, `${archive}.part`);
  await rename(`${archive}.part`, archive);
  return archive;
}
