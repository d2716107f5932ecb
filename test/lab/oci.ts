/**
 * An image's way from buildah's store into the nodes' containerd: as an OCI image layout (image-spec, image-layout.md) in the cache folder,
 * of which each node gets the blobs that it does not have. After an edit that is one layer of a few hundred kilobytes.
 *
 * Layers stay uncompressed. Nothing leaves this machine, and compressing costs more than everything else together.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildah, imageFolder } from './buildah.ts';
import { run } from './shell.ts';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

export interface OciImage {
  readonly name: string;
  /** `sha256:…` of the manifest, containerd's target of the image. */
  readonly digest: string;
  /** Digests of the manifest, the configuration and the layers. */
  readonly blobs: readonly string[];
  readonly layers: readonly Pick<Descriptor, 'digest' | 'size'>[];
}

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
/** containerd names the imported image by this annotation. */
const NAME_ANNOTATION = 'io.containerd.image.name';
const CONTAINERD_NAMESPACE = 'k8s.io';

/** Exports the image from buildah's store, unless it is the one exported last. */
export async function exportImage(name: string): Promise<OciImage> {
  const folder = layoutFolder(name);
  const id = await buildah(['inspect', '--type', 'image', '--format', '{{.FromImageID}}', name]);
  const last = join(folder, 'exported.json');
  const exported = await readFile(last, 'utf8').catch(() => undefined);
  if (exported) {
    const { id: lastId, image } = JSON.parse(exported) as { id: string; image: OciImage };
    if (lastId === id) return image;
  }
  const fresh = `${folder}.part`;
  await mkdir(dirname(fresh), { recursive: true });
  await rm(fresh, { recursive: true, force: true });
  await buildah(['push', '--quiet', '--disable-compression', '--format', 'oci', name, `dir:${fresh}`]);
  const image = await arrange(fresh, name);
  await writeFile(join(fresh, 'exported.json'), JSON.stringify({ id, image }));
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder);
  return image;
}

/**
 * Imports the image into the containerd behind the socket.
 *
 * @returns how many blobs it lacked.
 */
export async function importImage(image: OciImage, socket: string): Promise<number> {
  const ctr = ['--address', socket, '--namespace', CONTAINERD_NAMESPACE];
  const present = new Set((await run('ctr', [...ctr, 'content', 'ls', '--quiet'])).split('\n'));
  const lacking = image.blobs.filter((digest) => !present.has(digest));
  const files = ['oci-layout', 'index.json', ...lacking.map(blobPath)];
  const pipe =
    'set -o pipefail; layout=$1 socket=$2; shift 2; tar -C "$layout" -cf - "$@" | ctr --address "$socket" --namespace k8s.io images import -';
  await run('bash', ['-c', pipe, 'bash', layoutFolder(image.name), socket, ...files]);
  return lacking.length;
}

/** Gives an image that is in the containerd behind the socket a further name. */
export async function nameImage(from: string, to: string, socket: string): Promise<void> {
  await run('ctr', ['--address', socket, '--namespace', CONTAINERD_NAMESPACE, 'images', 'tag', '--force', from, to]);
}

/** Turns buildah's output (blobs and a manifest in one folder) into an image layout. */
async function arrange(folder: string, name: string): Promise<OciImage> {
  const text = await readFile(join(folder, 'manifest.json'));
  const manifest = JSON.parse(text.toString()) as Manifest;
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  const parts = [manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)];
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  for (const part of new Set(parts))
    await rename(join(folder, part.replace('sha256:', '')), join(folder, blobPath(part)));
  await rename(join(folder, 'manifest.json'), join(folder, blobPath(digest)));
  await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const target = { mediaType: MANIFEST_TYPE, digest, size: text.length, annotations: { [NAME_ANNOTATION]: name } };
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [target] }));
  const layers = manifest.layers.map((layer) => ({ digest: layer.digest, size: layer.size }));
  return { name, digest, blobs: [digest, ...new Set(parts)], layers };
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function layoutFolder(name: string): string {
  return imageFolder('oci', name.replace(/[^\w.-]+/g, '_'));
}
