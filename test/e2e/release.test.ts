/** Skycap from a release, in a real cluster without a registry: the archive imported on each node, the chart installed from its file. No Service loses its address on the way. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Release } from '../../release/release.ts';
import { installSkycap, SKYCAP_NAMESPACE, waitForSkycap } from '../lab/install.ts';
import { run } from '../lab/shell.ts';
import { helm } from '../manifests/helm.ts';
import { makeTestRelease } from '../support/release.ts';
import { publishedOf, Scene } from './support/scene.ts';

const PLATFORM = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';

let scene: Scene;
let release: Release;

beforeAll(async () => {
  release = await makeTestRelease('e2e', '--platform', PLATFORM);
  scene = await Scene.open('release', { v4: '198.51.116.0/24' });
}, 300_000);

afterAll(async () => {
  await inLab('uninstall', 'skycap', '--ignore-not-found', '--wait');
  await installSkycap(scene.lab);
  await waitForSkycap(scene.lab);
  await scene.close();
}, 150_000);

const inLab = (...args: string[]) =>
  helm([...args, '--namespace', SKYCAP_NAMESPACE], { KUBECONFIG: scene.lab.kubeconfig });

test('runs by its digest on every node after an import, and serves', async () => {
  await scene.createService('before');
  const before = await scene.published('before');
  const archive = join(release.folder, `skycap-${release.version}.oci.tar`);
  await Promise.all(
    scene.lab.nodes.map(({ containerdSocket }) =>
      run('ctr', ['--address', containerdSocket, '--namespace', 'k8s.io', 'images', 'import', archive]),
    ),
  );
  const chart = join(release.folder, `skycap-${release.version}.tgz`);
  const takeOver = ['--take-ownership', '--force-conflicts', '--wait', '--timeout', '90s'];
  await inLab('upgrade', '--install', 'skycap', chart, ...takeOver);
  await waitForSkycap(scene.lab);
  const images = await scene.lab.kubectl([
    '-n',
    SKYCAP_NAMESPACE,
    'get',
    'pods',
    '-o',
    'jsonpath={..spec.containers[*].image}',
  ]);
  const listed = (await readFile(join(release.folder, 'images.txt'), 'utf8')).trim().split('\n');
  // A pod of the installation before may still be ending.
  expect(new Set(images.split(' ').filter((image) => !image.endsWith(':lab')))).toEqual(new Set(listed));
  expect(publishedOf(await scene.service('before'))).toEqual(before);
  await scene.createService('after');
  expect(await scene.published('after')).toHaveLength(1);
}, 180_000);
