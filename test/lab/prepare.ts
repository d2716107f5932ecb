/** Everything that must be there before a lab can start, in the order in which one needs the other. */
import { prepareBaseImages } from './base-images.ts';
import { prepareBinaries } from './binaries.ts';
import { prepareHelm } from './helm.ts';
import { whilePreparing } from './lock.ts';
import type { OciImage } from './oci.ts';
import { preparePauseImage } from './pause-image.ts';
import { prepareDebianPackages } from './prepare-packages.ts';
import { HELM_VERSION, KUBERNETES_VERSION } from './programs.ts';
import type { Progress } from './progress.ts';
import { buildSkycapImage } from './skycap-image.ts';

export interface Prepared {
  readonly binaries: string;
  readonly pauseArchive: string;
  readonly image: OciImage;
}

/** Quick when everything is there: a second or two, most of it the image's build looking for changes. */
export function prepare(progress: Progress): Promise<Prepared> {
  return whilePreparing(() => prepareAll(progress));
}

/** The part that tests without a lab need as well. @returns the folder with the programs. */
export function preparePrograms(progress: Progress): Promise<string> {
  return whilePreparing(() => prepareDaemons(progress));
}

/** For tests of the chart, and for its maintainers. @returns the program. */
export function prepareHelmProgram(progress: Progress): Promise<string> {
  return whilePreparing(() => progress.step(`Helm ${HELM_VERSION}`, prepareHelm));
}

/** For packages that only some machines need. @param packages package → a program of it. */
export function preparePackages(packages: Readonly<Record<string, string>>, progress: Progress): Promise<void> {
  return whilePreparing(() =>
    progress.step(`Debian package ${Object.keys(packages).join(', ')}`, (note) =>
      prepareDebianPackages(note, packages),
    ),
  );
}

async function prepareAll(progress: Progress): Promise<Prepared> {
  const binaries = await prepareDaemons(progress);
  const pauseArchive = await progress.step('base images', async (note) => {
    await prepareBaseImages(note);
    return preparePauseImage();
  });
  const image = await progress.step('Skycap image', buildSkycapImage);
  return { binaries, pauseArchive, image };
}

async function prepareDaemons(progress: Progress): Promise<string> {
  await progress.step('Debian packages', (note) => prepareDebianPackages(note));
  return progress.step(`Kubernetes ${KUBERNETES_VERSION} and etcd`, prepareBinaries);
}
