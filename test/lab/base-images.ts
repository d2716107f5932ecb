/**
 * Makes the base images of the Dockerfile under the names in it, so that the one Dockerfile builds without a registry: `debian:13-slim` from Debian's packages by
 * mmdebstrap, and `node:24-trixie-slim` from that image, the pinned Node and a pinned npm.
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildah, commitImage, fileExists, imageExists, imageFolder } from './buildah.ts';
import { debianSourcesFor } from './debian-sources.ts';
import { npmPackage } from './npm-package.ts';
import { run } from './shell.ts';

const DEBIAN_SUITE = 'trixie';
const DEBIAN_IMAGE = 'docker.io/library/debian:13-slim';
const NODE_IMAGE = 'docker.io/library/node:24-trixie-slim';
/** Any npm that reads lockfile version 3 fits. A fixed version makes the layer reproducible. */
const NPM_VERSION = '11.21.2';
const PATH_IN_IMAGE = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const LEFT_OUT = ['man', 'doc', 'locale', 'info', 'lintian'];

export async function prepareBaseImages(note: (text: string) => void): Promise<void> {
  await mkdir(imageFolder(), { recursive: true });
  // Working containers of a build that was interrupted.
  await buildah(['rm', '--all']);
  if (!(await imageExists(DEBIAN_IMAGE))) {
    note(`installing Debian ${DEBIAN_SUITE}`);
    const archive = await debianArchive();
    note('importing it');
    await commitImage({
      from: 'scratch',
      image: DEBIAN_IMAGE,
      add: [[archive, '/']],
      config: ['--cmd', 'bash', '--env', PATH_IN_IMAGE],
    });
  }
  if (!(await imageExists(NODE_IMAGE))) {
    note('adding Node and npm');
    await makeNodeImage();
  }
}

async function debianArchive(): Promise<string> {
  const archive = imageFolder(`debian-${DEBIAN_SUITE}.tar`);
  if (await fileExists(archive)) return archive;
  const sources = imageFolder(`${DEBIAN_SUITE}.list`);
  await writeFile(sources, await debianSourcesFor(DEBIAN_SUITE));
  const part = imageFolder(`debian-${DEBIAN_SUITE}.part.tar`);
  await rm(part, { force: true });
  const leftOut = LEFT_OUT.map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`);
  await run('mmdebstrap', [
    '--variant=minbase',
    '--aptopt=Acquire::Languages "none"',
    ...leftOut,
    DEBIAN_SUITE,
    part,
    sources,
  ]);
  await rename(part, archive);
  return archive;
}

/**
 * This image also has the machine's certificate authorities, since its npm uses this machine's network. It is the build stage only: the final image gets nothing but
 * the Node binary from it.
 */
async function makeNodeImage(): Promise<void> {
  const authorities = process.env.NODE_EXTRA_CA_CERTS;
  const extra = authorities && (await fileExists(authorities)) ? authorities : undefined;
  const registry = (await run('npm', ['config', 'get', 'registry'])).trim();
  const npmrc = imageFolder('npmrc');
  await writeFile(npmrc, `registry=${registry}\nupdate-notifier=false\n`);
  await commitImage({
    from: DEBIAN_IMAGE,
    image: NODE_IMAGE,
    add: [
      [pinnedNode(), '/usr/local/bin/node'],
      [await pinnedNpm(), '/usr/local/lib/node_modules/npm'],
      [imageFolder('npm-link'), '/usr/local/bin/'],
      [npmrc, '/root/.npmrc'],
      ...(extra ? [[extra, '/etc/lab-ca.crt'] as const] : []),
    ],
    config: [
      '--cmd',
      'node',
      '--env',
      PATH_IN_IMAGE,
      ...(extra ? ['--env', 'NODE_EXTRA_CA_CERTS=/etc/lab-ca.crt'] : []),
    ],
  });
}

/** The Node that package.json pins, and that Skycap runs on. */
function pinnedNode(): string {
  const manifest = createRequire(import.meta.url).resolve(`node-linux-${process.arch}/package.json`);
  return join(dirname(manifest), 'bin/node');
}

/** @returns the folder of npm's package, fetched once. */
async function pinnedNpm(): Promise<string> {
  const link = imageFolder('npm-link');
  await mkdir(link, { recursive: true });
  for (const name of ['npm', 'npx']) {
    await writeFile(
      join(link, name),
      `#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/${name}-cli.js "$@"\n`,
      { mode: 0o755 },
    );
  }
  return npmPackage('npm', NPM_VERSION);
}
