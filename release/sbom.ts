/** The list of what an image has in it, in the format of CycloneDX: npm packages of the bundle, Debian packages, Node. PURE */
import { Enums, Models, Serialize, SPDX, Spec } from '@cyclonedx/cyclonedx-library';
import type { Platform } from './options.ts';

/** A package of npm in the bundle, from `packages.json` that build.mjs writes. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

export interface ImageContent {
  readonly platform: Platform;
  readonly version: string;
  /** `sha256:…` of the image's index. */
  readonly digest: string;
  readonly repository: string;
  readonly node: string;
  readonly npm: readonly NpmPackage[];
  readonly debian: readonly DebianPackage[];
  readonly epochSeconds: number;
}

/** @returns the text of a JSON file. The same content gives the same text. */
export function renderSbom(content: ImageContent): string {
  const bom = new Models.Bom();
  bom.metadata.timestamp = new Date(content.epochSeconds * 1000);
  bom.metadata.component = new Models.Component(Enums.ComponentType.Container, 'skycap', {
    version: content.version,
    purl: `pkg:oci/skycap@${encodeURIComponent(content.digest)}?repository_url=${encodeURIComponent(content.repository)}&arch=${content.platform.split('/')[1]}`,
  });
  for (const { name, version, license } of content.npm) {
    const slash = name.indexOf('/');
    const group = slash > 0 ? name.slice(0, slash) : undefined;
    const component = new Models.Component(Enums.ComponentType.Library, name.slice(slash + 1), {
      version,
      purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
      ...(group ? { group } : {}),
    });
    if (license) component.licenses.add(licenseOf(license));
    bom.components.add(component);
  }
  for (const { name, version, architecture } of content.debian) {
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
    bom.components.add(new Models.Component(Enums.ComponentType.Library, name, { version, purl }));
  }
  const node = new Models.Component(Enums.ComponentType.Application, 'node', {
    version: content.node,
    purl: `pkg:generic/node@${content.node}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${content.node}:*:*:*:*:*:*:*`,
  });
  bom.components.add(node);
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function licenseOf(word: string): Models.License {
  return SPDX.isSupportedSpdxId(word) ? new Models.SpdxLicense(word) : new Models.NamedLicense(word);
}

/** A paragraph of dpkg's status (deb-control(5)). */
export function parseDebianPackage(text: string): DebianPackage {
  const field = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(text)?.[1] ?? '';
  return { name: field('Package'), version: field('Version'), architecture: field('Architecture') };
}
