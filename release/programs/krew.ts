/** The manifest with which Krew, the plugin manager of kubectl, installs `kubectl skycap` as a single program. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { sha256 } from '../checksums.ts';
import type { ProgramPlatform } from '../options.ts';
import { PROGRAM, programArchive } from './programs.ts';

export interface KrewRequest {
  readonly version: string;
  readonly programPlatforms: readonly ProgramPlatform[];
  /** The address of the folder with the files of the release, without a slash at its end. */
  readonly url: string;
}

const FILE = 'krew-skycap.yaml';

/** @param folder has the archives of the plugin, and gets the manifest. */
export async function writeKrewManifest(
  { version, programPlatforms, url }: KrewRequest,
  folder: string,
): Promise<void> {
  const platforms = programPlatforms.map(async (platform) => {
    const [os, arch] = platform.split('/');
    const archive = programArchive(version, platform);
    return {
      selector: { matchLabels: { os, arch } },
      uri: `${url}/${archive}`,
      sha256: await sha256(join(folder, archive)),
      bin: PROGRAM,
    };
  });
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
      platforms: await Promise.all(platforms),
    },
  };
  await writeFile(join(folder, FILE), stringify(manifest));
}
