/** The project's YAML, read and parsed: what the tests of the manifests look at. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const ROOT = join(import.meta.dirname, '../../..');

/** An object as YAML has it; the tests know its kind. */
// biome-ignore lint/suspicious/noExplicitAny: manifests of every kind pass through here, and a test that reads a wrong path fails.
export type Manifest = any;

export interface ManifestFile {
  readonly path: string;
  readonly text: string;
  readonly objects: readonly Manifest[];
}

/** @throws when a document is not YAML, or has a key twice. */
export function readManifests(folder: string): ManifestFile[] {
  return readdirSync(resolve(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => readManifest(join(folder, name)));
}

export function readManifest(path: string): ManifestFile {
  const text = readFileSync(resolve(ROOT, path), 'utf8');
  const objects = parseAllDocuments(text, { uniqueKeys: true }).map((document) => {
    if (document.errors.length > 0) throw new Error(`Cannot parse "${path}": ${document.errors[0]?.message}`);
    return document.toJS();
  });
  return { path: relative(ROOT, resolve(ROOT, path)), text, objects };
}

/** The CRDs by plural name. */
export function readCrds(): Readonly<Record<string, Manifest>> {
  return readCrdsIn('manifests/crds');
}

/** @param folder absolute, or below the repository. */
export function readCrdsIn(folder: string): Readonly<Record<string, Manifest>> {
  const crds = readManifests(folder).flatMap((file) => file.objects);
  return Object.fromEntries(
    crds.filter((crd) => crd.kind === 'CustomResourceDefinition').map((crd) => [crd.spec.names.plural, crd]),
  );
}

/** The objects of manifests/base. */
export function readBase(): Manifest[] {
  return readManifests('manifests/base')
    .flatMap((file) => file.objects)
    .filter((object) => object.kind !== 'Kustomization');
}

/** The schema of one version of a CRD. */
export function schemaOf(crd: Manifest, version: string): Manifest {
  const found = crd.spec.versions.find((candidate: Manifest) => candidate.name === version);
  if (!found) throw new Error(`Cannot find version "${version}" of ${crd.metadata.name}`);
  return found.schema.openAPIV3Schema;
}
