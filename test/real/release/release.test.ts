/** `npm run release` of this checkout: each file is judged by the tools of its format. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { parse } from 'yaml';
import { withImage } from '../../../release/image-content.ts';
import { PLATFORMS, PROGRAM_PLATFORMS } from '../../../release/options.ts';
import { DARWIN_NODE_VERSION, darwinNode } from '../../../release/programs/darwin-node.ts';
import { signAdHoc } from '../../../release/programs/mach-o/code-signature.ts';
import type { Release } from '../../../release/release.ts';
import { preparePackages } from '../../lab/prepare.ts';
import { silentProgress } from '../../lab/progress.ts';
import { run } from '../../lab/shell.ts';
import { helm } from '../../manifests/helm.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { makeTestRelease } from '../../support/release.ts';
import { elfFiles, READELF_PACKAGE } from './elf.ts';
import { FUSE, isSigned, sections, withoutSignature } from './mach-o.ts';

const MOST_BYTES = 90_000_000;
const REGISTRY = 'registry.example/team';
const URL = 'https://files.example/v1';
const MACHINES = { 'linux/amd64': 'Advanced Micro Devices X86-64', 'linux/arm64': 'AArch64' };

/** In the image's index. */
interface Manifest {
  readonly digest: string;
  readonly platform: { readonly os: string; readonly architecture: string };
}

let release: Release;
const file = (name: string) => join(release.folder, name);
const archivePath = () => file(`skycap-${release.version}.oci.tar`);
const archive = () => `oci-archive:${archivePath()}:${release.version}`;
const skopeo = (...args: string[]) => run('skopeo', args);

beforeAll(async () => {
  await preparePackages({ skopeo: 'skopeo', ...READELF_PACKAGE }, silentProgress);
  release = await makeTestRelease('real', '--registry', REGISTRY, '--url', URL);
}, 600_000);

test('the checksums cover every file and are right', async () => {
  const said = await run('sha256sum', ['--check', 'SHA256SUMS'], { cwd: release.folder });
  expect(said.match(/: OK$/gm)).toHaveLength(13);
});

describe('the image', () => {
  test('is one index of both platforms with the digest that the manifests name, and all its blobs', async () => {
    const index = await skopeo('inspect', '--raw', archive());
    const platforms = (JSON.parse(index) as { manifests: Manifest[] }).manifests;
    expect(platforms.map(({ platform }) => `${platform.os}/${platform.architecture}`)).toEqual([...PLATFORMS]);
    expect((await run('sha256sum', [], { input: index })).slice(0, 64)).toBe(release.image.split('@sha256:')[1]);
    // skopeo compares the digest of each blob that it copies.
    await skopeo('copy', '--quiet', '--all', archive(), `dir:${file('../copied')}`);
    await run('rm', ['-r', file('../copied')]);
  }, 60_000);

  test.each(PLATFORMS)('is small and labelled for %s', async (platform) => {
    const arch = platform.slice('linux/'.length);
    const image = JSON.parse(await skopeo('--override-arch', arch, 'inspect', archive()));
    const { manifests } = JSON.parse(await skopeo('inspect', '--raw', archive())) as { manifests: Manifest[] };
    const { digest } = manifests.find((manifest) => manifest.platform.architecture === arch)!;
    const path = `./blobs/${digest.replace(':', '/')}`;
    const { layers } = JSON.parse(await run('tar', ['-xOf', archivePath(), path])) as { layers: { size: number }[] };
    const bytes = layers.map(({ size }) => size).reduce((a, b) => a + b);
    expect(bytes).toBeLessThan(MOST_BYTES);
    expect(image).toMatchObject({
      Architecture: arch,
      Labels: {
        'org.opencontainers.image.title': 'Skycap',
        'org.opencontainers.image.version': release.version,
        'org.opencontainers.image.revision': expect.stringMatching(/^[0-9a-f]{40}/),
      },
    });
  });

  test.each(PLATFORMS)(
    'has only programs for %s, and every library that they need',
    async (platform) => {
      const name = `localhost/skycap-release:${release.version}-${platform.replace('/', '-')}`;
      const files = await withImage(name, elfFiles);
      const paths = files.map(({ path }) => path);
      for (const program of ['/usr/local/bin/node', '/usr/sbin/bird', '/usr/bin/dash'])
        expect(paths).toContain(program);
      expect(paths.some((path) => path.startsWith('/app/node_modules/@koromix/'))).toBe(true);
      expect(new Set(files.map(({ machine }) => machine))).toEqual(new Set([MACHINES[platform]]));
      const present = new Set(paths.map((path) => basename(path)));
      const links = await withImage(name, (root) =>
        run('find', [join(root, 'usr/lib'), '-type', 'l', '-printf', '%f\n']),
      );
      for (const link of links.split('\n')) present.add(link);
      const missing = files.flatMap(({ path, needed }) =>
        needed.filter((library) => !present.has(library)).map((library) => `${path} → ${library}`),
      );
      expect(missing).toEqual([]);
    },
    60_000,
  );
});

test.each(PLATFORMS)(
  'the list of packages for %s is valid CycloneDX and has npm, Debian and Node',
  async (platform) => {
    const text = await readFile(file(`skycap-${release.version}-${platform.replace('/', '-')}.cdx.json`), 'utf8');
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
    const names = (JSON.parse(text) as { components: { purl: string }[] }).components.map(({ purl }) => purl);
    for (const start of [
      'pkg:npm/express@',
      'pkg:npm/%40kubernetes/client-node@',
      'pkg:deb/debian/bird2@2.',
      'pkg:generic/node@24.',
    ])
      expect(names.filter((name) => name.startsWith(start))).toHaveLength(1);
  },
);

test('the chart passes `helm lint --strict` and names the image by its digest alone', async () => {
  const chart = file(`skycap-${release.version}.tgz`);
  await helm(['lint', '--strict', chart]);
  const images = (await helm(['template', 'skycap', chart, '--namespace', 'x'])).matchAll(/^\s+image: (.+)$/gm);
  expect(new Set([...images].map(([, image]) => image))).toEqual(new Set([release.image]));
  expect(release.image).toMatch(/^registry\.example\/team\/skycap@sha256:[0-9a-f]{64}$/);
  expect(await readFile(file('images.txt'), 'utf8')).toBe(`${release.image}\n`);
});

test('a real API server accepts skycap.yaml, twice', async () => {
  await using plane = await ControlPlane.start();
  const apply = () => plane.kubectl(['apply', '--server-side', '-f', file('skycap.yaml')]);
  expect(await apply()).toContain('customresourcedefinition.apiextensions.k8s.io/eips.network.kubesphere.io');
  await apply();
  const images = await plane.kubectl(['get', 'deploy,ds', '-n', 'skycap-system', '-o', 'jsonpath={..image}']);
  expect(new Set(images.split(' '))).toEqual(new Set([release.image]));
}, 90_000);

test('`kubectl skycap` runs as one program, and from the package of npm', async () => {
  const folder = file('../programs');
  await run('mkdir', ['-p', folder]);
  try {
    const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
    const archives = [
      `kubectl-skycap-${release.version}-linux-${arch}.tar.gz`,
      `kubectl-skycap-${release.version}.tgz`,
    ];
    for (const name of archives) await run('tar', ['-xzf', file(name), '-C', folder]);
    const version = (stdout: string) => stdout.trim();
    expect(version(await run(join(folder, 'kubectl-skycap'), ['--version']))).toBe(release.version);
    expect(version(await run(process.execPath, [join(folder, 'package/kubectl-skycap.js'), '--version']))).toBe(
      release.version,
    );
    expect(await run('ls', [folder])).toBe('LICENSE\nkubectl-skycap\npackage\n');
  } finally {
    await run('rm', ['-r', folder]);
  }
}, 60_000);

describe('the programs for macOS', () => {
  test.each(['darwin/amd64', 'darwin/arm64'] as const)(
    'of %s is Node with every section at its place, and the script',
    async (platform) => {
      const archive = file(`kubectl-skycap-${release.version}-${platform.replace('/', '-')}.tar.gz`);
      const folder = file(`../${basename(archive)}.d`);
      await run('mkdir', ['-p', folder]);
      try {
        await run('tar', ['-xzf', archive, '-C', folder]);
        const program = await readFile(join(folder, 'kubectl-skycap'));
        const found = sections(program);
        const [[, script] = []] = [...found].filter(([name]) => name.startsWith('NODE_SEA,__NODE_SEA_BLOB '));
        expect(script?.includes('kubectl skycap')).toBe(true);
        expect(program.indexOf(`${FUSE}:1`)).toBeGreaterThan(0);
        for (const [name, content] of sections(await readFile(await darwinNode(platform)))) {
          expect([...found.keys()]).toContain(name);
          // Without `toEqual`, which would print megabytes.
          expect([name, found.get(name)?.equals(content)]).toEqual([name, true]);
        }
        expect(isSigned(program)).toBe(platform === 'darwin/arm64');
        if (isSigned(program))
          expect(signAdHoc(withoutSignature(program), 'kubectl-skycap').equals(program)).toBe(true);
      } finally {
        await run('rm', ['-r', folder]);
      }
    },
    60_000,
  );

  test('a signature is that of Apple’s linker, byte for byte', async () => {
    const node = await readFile(await darwinNode('darwin/arm64'));
    expect(signAdHoc(withoutSignature(node), 'node').equals(node)).toBe(true);
  }, 60_000);

  test('their Node reads the resource that the Node of Linux writes', () => {
    expect(DARWIN_NODE_VERSION.split('.')[0]).toBe(process.versions.node.split('.')[0]);
  });
});

test('the manifest for Krew names archives of the release that have the program', async () => {
  const { spec } = parse(await readFile(file('krew-skycap.yaml'), 'utf8')) as {
    spec: { platforms: { uri: string; sha256: string; bin: string }[] };
  };
  const sums = await readFile(file('SHA256SUMS'), 'utf8');
  expect(spec.platforms).toHaveLength(PROGRAM_PLATFORMS.length);
  for (const { uri, sha256, bin } of spec.platforms) {
    const name = basename(uri);
    expect(uri).toBe(`${URL}/${name}`);
    expect(sums).toContain(`${sha256}  ${name}\n`);
    expect((await run('tar', ['-tzf', file(name)])).split('\n').map((path) => path.replace(/^\.\//, ''))).toContain(
      bin,
    );
  }
});
