/**
 * The manifest with which Krew, the plugin manager of kubectl, installs `kubectl skycap`: the single program on Linux, and on macOS the script, which needs Node 20.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { sha256 } from './checksums.ts';
import type { Platform } from './options.ts';
import { PROGRAM, programArchive, scriptArchive } from './programs.ts';

export interface KrewRequest {
  readonly version: string;
  readonly platforms: readonly Platform[];
  /** The address of the folder with the files of the release, without a slash at its end. */
  readonly url: string;
}

const FILE = 'krew-skycap.yaml';

/** @param folder has the archives of the plugin, and gets the manifest. */
export async function writeKrewManifest({ version, platforms, url }: KrewRequest, folder: string): Promise<void> {
  const entry = async (os: string, arch: string, archive: string, bin: string) => ({
    selector: { matchLabels: { os, arch } },
    uri: `${url}/${archive}`,
    sha256: await sha256(join(folder, archive)),
    bin,
  });
  const programs = platforms.map((platform) => {
    const [os = '', arch = ''] = platform.split('/');
    return entry(os, arch, programArchive(version, platform), PROGRAM);
  });
  const scripts = ['amd64', 'arm64'].map((arch) =>
    entry('darwin', arch, scriptArchive(version), `package/${PROGRAM}.js`),
  );
  const manifest = {
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: 'skycap' },
    spec: {
      version: `v${version}`,
      homepage: url,
      shortDescription: 'Explain load balancer addresses of Skycap',
      description:
        'Says who has an address, why a Service waits, why no packet comes, and what a change would do, in clusters with the load balancer Skycap.\n',
      caveats: 'On macOS the plugin is a script that needs Node 20 or later.\n',
      platforms: await Promise.all([...programs, ...scripts]),
    },
  };
  await writeFile(join(folder, FILE), stringify(manifest));
}
