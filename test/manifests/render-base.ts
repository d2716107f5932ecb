/**
 * `manifests/base` from the chart: its default output, with the comments, and the objects in the order of the templates. Settings become an env file, from which
 * kustomize makes a ConfigMap with a hash in its name; the hash rolls the pods over where Helm has a checksum.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CHART, REPOSITORY, template } from './helm.ts';

export const BASE_FOLDER = join(REPOSITORY, 'manifests/base');
export const CERTIFICATE_FILE = join(REPOSITORY, 'manifests/overlays/cert-manager/certificate.yaml');

const TEMPLATES = ['rbac', 'webhook', 'webhook-configuration', 'allocator', 'speaker', 'speaker-admission'] as const;

/** @returns the text of the file of the overlay `cert-manager` that is rendered. */
export async function renderCertificate(): Promise<string> {
  const rendered = await template('--set', 'crds.install=false,certificate.source=certManager');
  const source = await readFile(join(CHART, 'templates/certificate.yaml'), 'utf8');
  const own = splitDocuments(rendered).filter(({ template: from }) => from === 'certificate.yaml');
  return inOrderOf(
    source,
    own.map(({ text }) => text),
  ).join('---\n');
}

/** @returns the text of each file of `manifests/base` that is rendered, by its name. */
export async function renderBase(): Promise<ReadonlyMap<string, string>> {
  const documents = splitDocuments(await template('--set', 'crds.install=false'));
  const files = await Promise.all(
    TEMPLATES.map(async (name): Promise<[string, string]> => {
      const source = await readFile(join(CHART, 'templates', `${name}.yaml`), 'utf8');
      const own = documents.filter(({ template: from }) => from === `${name}.yaml`).map(({ text }) => text);
      return [`${name}.yaml`, inOrderOf(source, own).map(withoutChecksum).join('---\n')];
    }),
  );
  const settings = documents.find(({ template: from }) => from === 'settings.yaml');
  return new Map([...files, ['settings.env', envFile(settings?.text ?? '')]]);
}

interface Document {
  readonly template: string;
  readonly text: string;
}

function splitDocuments(rendered: string): Document[] {
  return rendered
    .split(/^---\n# Source: skycap\/templates\//m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { template: part.slice(0, end), text: `${part.slice(end + 1).trim()}\n` };
    });
}

/** Helm sorts by kind; here what belongs together stands together. */
function inOrderOf(source: string, documents: readonly string[]): string[] {
  const identities = [...source.matchAll(IDENTITY)].map(([identity]) => identity);
  const placeOf = (text: string): number => identities.indexOf(text.match(IDENTITY)?.[0] ?? '');
  return documents.toSorted((a, b) => placeOf(a) - placeOf(b));
}

const IDENTITY = /^kind: \S+\nmetadata:\n {2}name: \S+$/gm;

function withoutChecksum(text: string): string {
  return text.replace(/^ +annotations:\n +checksum\/settings: .*\n/m, '');
}

const DATA = '\ndata:\n';

/** Of a ConfigMap whose values are words, numbers and lists. */
function envFile(configMap: string): string {
  const data = configMap.slice(configMap.indexOf(DATA) + DATA.length);
  return data.replaceAll(/^ {2}/gm, '').replaceAll(/^([A-Z_]+): "?(.*?)"?$/gm, '$1=$2');
}
