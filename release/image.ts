/** The image of all platforms as one archive in the format of OCI (image-spec, image-layout.md), built from the Dockerfile of the sources. */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildah, imageFolder } from '../test/lab/buildah.ts';
import { npmPackage } from '../test/lab/npm-package.ts';
import { buildImage } from '../test/lab/skycap-image.ts';
import { refuseOtherArchitecture } from './image-content.ts';
import type { Platform } from './options.ts';
import { packFolder } from './pack-folder.ts';
import type { Source } from './source.ts';

export interface ImageRequest {
  readonly source: Source;
  readonly repository: string;
  readonly version: string;
  readonly platforms: readonly Platform[];
  readonly pull: boolean;
}

export interface ReleaseImage {
  /** Of the index, which has a manifest for each platform. */
  readonly digest: string;
  /** The image of each platform in buildah's store. */
  readonly stored: ReadonlyMap<Platform, string>;
}

interface Index {
  readonly manifests: readonly { readonly digest: string; readonly annotations?: Record<string, string> }[];
}

/** @param archive the path of the archive. @param work a folder for intermediate files. */
export async function makeImageArchive(
  request: ImageRequest,
  archive: string,
  work: string,
  note: (text: string) => void,
): Promise<ReleaseImage> {
  const { platforms, source, version } = request;
  const list = `localhost/skycap-release:${version}`;
  const stored = new Map<Platform, string>();
  for (const platform of platforms) stored.set(platform, await build(request, platform, note));
  await buildah(['manifest', 'rm', list]).catch(() => '');
  await buildah(['manifest', 'create', list, ...stored.values()]);
  const layout = join(work, 'layout');
  note('compressing it');
  await buildah(['manifest', 'push', '--quiet', '--all', '--format', 'oci', list, `oci:${layout}:${version}`]);
  await buildah(['manifest', 'rm', list]);
  const digest = await nameImage(layout, request);
  await packFolder(layout, archive, source.epochSeconds);
  await rm(layout, { recursive: true });
  return { digest, stored };
}

const THIS_PLATFORM: Platform = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';

/** @returns a folder that takes the place of the Dockerfile's stage `node`: the base image that is made here is of this machine's architecture. */
async function foreignNode(platform: Platform, source: Source): Promise<string> {
  const node = await pinnedNode(platform, source);
  const folder = imageFolder(`node-${platform.replace('/', '-')}`);
  await mkdir(join(folder, 'usr/local/bin'), { recursive: true });
  await copyFile(node, join(folder, 'usr/local/bin/node'));
  return folder;
}

/** @returns the path of the Node for the platform that package.json of the sources pins. */
export async function pinnedNode(platform: Platform, source: Source): Promise<string> {
  const name = `node-${platform.replace('/', '-').replace('amd64', 'x64')}`;
  const { optionalDependencies } = JSON.parse(await readFile(join(source.folder, 'package.json'), 'utf8')) as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  const version = optionalDependencies[name];
  if (!version) throw new Error(`Cannot build for ${platform}: package.json has no version of ${name}`);
  return join(await npmPackage(name, version), 'bin/node');
}

/** @returns the name of the image in buildah's store. */
async function build(request: ImageRequest, platform: Platform, note: (text: string) => void): Promise<string> {
  const { source, version, pull } = request;
  const name = `localhost/skycap-release:${version}-${platform.replace('/', '-')}`;
  const facts = {
    title: 'Skycap',
    description: 'A load balancer for bare-metal Kubernetes: webhook, allocator, speaker and BIRD',
    version,
    revision: source.revision,
    licenses: 'Apache-2.0 AND GPL-2.0-or-later',
    created: new Date(source.epochSeconds * 1000).toISOString(),
  };
  const described = Object.entries(facts).flatMap(([key, value]) => [
    `--label=org.opencontainers.image.${key}=${value}`,
    `--annotation=org.opencontainers.image.${key}=${value}`,
  ]);
  const options = [
    pull ? '--pull' : '--pull-never',
    '--format=oci',
    `--platform=${platform}`,
    // buildah of Debian 12 does not set it.
    `--build-arg=BUILDPLATFORM=${THIS_PLATFORM}`,
    ...(pull || platform === THIS_PLATFORM ? [] : [`--build-context=node=${await foreignNode(platform, source)}`]),
    `--timestamp=${source.epochSeconds}`,
    ...described,
  ];
  await buildImage(source.folder, name, (line) => note(`${platform}: ${line}`), options);
  await refuseOtherArchitecture(name, platform);
  return name;
}

/**
 * Names the image in the layout as `ctr images import` reads it: by its tag, and by its digest, by which the manifests name the image.
 *
 * @returns the digest.
 */
async function nameImage(layout: string, { repository, version }: ImageRequest): Promise<string> {
  const file = join(layout, 'index.json');
  const index = JSON.parse(await readFile(file, 'utf8')) as Index;
  const [image] = index.manifests;
  if (!image || index.manifests.length > 1) throw new Error('Cannot read the image: its layout has not one image');
  const named = (name: string, more: Record<string, string> = {}) => ({
    ...image,
    annotations: { 'io.containerd.image.name': name, ...more },
  });
  const manifests = [
    named(`${repository}:${version}`, { 'org.opencontainers.image.ref.name': version }),
    named(`${repository}@${image.digest}`),
  ];
  await writeFile(file, JSON.stringify({ ...index, manifests }));
  return image.digest;
}
