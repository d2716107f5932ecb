/** Makes everything of a release in one folder. A failure leaves the folder of the last release as it was. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prepareBaseImages } from '../test/lab/base-images.ts';
import { prepareHelm } from '../test/lab/helm.ts';
import { whilePreparing } from '../test/lab/lock.ts';
import { prepareDebianPackages } from '../test/lab/prepare-packages.ts';
import type { Progress } from '../test/lab/progress.ts';
import { packChart, renderManifest } from './chart.ts';
import { writeChecksums } from './checksums.ts';
import { makeImageArchive, type ReleaseImage } from './image.ts';
import { readPackages } from './image-content.ts';
import { releaseNotes } from './notes.ts';
import { checkVersion, type ReleaseOptions } from './options.ts';
import { PIP_PACKAGE } from './programs/darwin-node.ts';
import { writeKrewManifest } from './programs/krew.ts';
import { packPrograms } from './programs/programs.ts';
import { renderSbom } from './sbom.ts';
import { type Source, withSource } from './source.ts';

const PACKAGES = { buildah: 'buildah', mmdebstrap: 'mmdebstrap', ...PIP_PACKAGE };

export interface Release {
  readonly folder: string;
  readonly version: string;
  /** `registry.example/skycap@sha256:…`. */
  readonly image: string;
}

/** @param repository the checkout. @param output the folder of the release. */
export function makeRelease(
  options: ReleaseOptions,
  repository: string,
  output: string,
  progress: Progress,
): Promise<Release> {
  return whilePreparing(() =>
    withSource(repository, options.from, async (source) => {
      await prepare(options, progress);
      const part = `${output}.part`;
      const work = `${output}.work`;
      for (const folder of [part, work]) {
        await rm(folder, { recursive: true, force: true });
        await mkdir(folder, { recursive: true });
      }
      try {
        const release = await fill(options, source, { part, work }, progress);
        await rm(output, { recursive: true, force: true });
        await rename(part, output);
        return { ...release, folder: output };
      } finally {
        for (const folder of [part, work]) await rm(folder, { recursive: true, force: true });
      }
    }),
  );
}

async function prepare(options: ReleaseOptions, progress: Progress): Promise<void> {
  await progress.step('Debian packages', (note) => prepareDebianPackages(note, PACKAGES));
  await progress.step('Helm', prepareHelm);
  if (!options.pull) await progress.step('base images', prepareBaseImages);
}

interface Folders {
  /** Becomes the release. */
  readonly part: string;
  readonly work: string;
}

async function fill(
  options: ReleaseOptions,
  source: Source,
  { part, work }: Folders,
  progress: Progress,
): Promise<Omit<Release, 'folder'>> {
  const version = checkVersion(options.version ?? source.version);
  const request = { ...options, source, version };
  const { digest, stored }: ReleaseImage = await progress.step('image', (note) =>
    makeImageArchive(request, join(part, `skycap-${version}.oci.tar`), work, note),
  );
  const image = `${options.repository}@${digest}`;
  await progress.step('list of packages', async (note) => {
    for (const [platform, name] of stored) {
      const packages = await readPackages(name);
      if (!packages) return note('none, since these sources do not write one');
      const { repository } = options;
      const text = renderSbom({
        platform,
        version,
        digest,
        repository,
        epochSeconds: source.epochSeconds,
        ...packages,
      });
      await writeFile(join(part, `skycap-${version}-${platform.replace('/', '-')}.cdx.json`), text);
    }
  });
  await progress.step('chart and manifest', async () => {
    const chart = await packChart({ ...request, digest }, part, work);
    await writeFile(join(part, 'skycap.yaml'), await renderManifest(chart, source));
  });
  const hasPlugin = await progress.step('kubectl skycap', () => packPrograms(request, part, work));
  const { url } = options;
  if (hasPlugin && url !== undefined)
    await progress.step("Krew's manifest", () => writeKrewManifest({ ...request, url }, part));
  await writeFile(join(part, 'images.txt'), `${image}\n`);
  await writeFile(join(part, 'NOTES.md'), releaseNotes({ version, image, repository: options.repository }));
  await progress.step('checksums', () => writeChecksums(part));
  return { version, image };
}
