/**
 * Skycap by Helm in a real cluster, by the commands of docs/install.md: taken over from kubectl, tested, upgraded with a changed definition, uninstalled and installed again. No
 * Service loses its address on the way.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SKYCAP_NAMESPACE, waitForSkycap } from '../lab/install.ts';
import { eventually } from '../lab/poll.ts';
import { CHART, helm, REPOSITORY, tryHelm } from '../manifests/helm.ts';
import { publishedOf, Scene } from './support/scene.ts';

const VALUES = join(REPOSITORY, 'manifests/overlays/lab/values.yaml');
const IN_NAMESPACE = ['--namespace', SKYCAP_NAMESPACE];
const WAIT = ['--wait', '--timeout', '90s'];
const EIPS_CRD = 'eips.network.kubesphere.io';
const NAMES = ['one', 'two', 'dual'];

let scene: Scene;
let before: Readonly<Record<string, readonly string[]>>;

beforeAll(async () => {
  scene = await Scene.open('helm', { v4: '198.51.115.0/24', v6: '2001:db8:115::/64' });
  for (const name of ['one', 'two']) await scene.createService(name, { spec: { ipFamilyPolicy: 'SingleStack' } });
  await scene.createService('dual', { spec: { ipFamilyPolicy: 'RequireDualStack' } });
  for (const name of NAMES) await scene.published(name, name === 'dual' ? 2 : 1);
  before = await published();
});

afterAll(async () => {
  // Whatever failed, the next file finds Skycap.
  if ((await tryInLab(['status', 'skycap'])).code !== 0) await upgrade(CHART);
  await waitForSkycap(scene.lab);
  await scene.close();
});

const env = () => ({ KUBECONFIG: scene.lab.kubeconfig });
const inLab = (args: readonly string[]) => helm([...args, ...IN_NAMESPACE], env());
const tryInLab = (args: readonly string[]) => tryHelm([...args, ...IN_NAMESPACE], env());
const upgrade = (chart: string) =>
  inLab([
    'upgrade',
    '--install',
    'skycap',
    chart,
    '--values',
    VALUES,
    '--take-ownership',
    '--force-conflicts',
    ...WAIT,
  ]);
const kubectl = (...args: string[]) => scene.lab.kubectl(args);
const published = async () =>
  Object.fromEntries(
    await Promise.all(NAMES.map(async (name) => [name, publishedOf(await scene.service(name))] as const)),
  );
const categories = () => kubectl('get', 'crd', EIPS_CRD, '-o', 'jsonpath={.spec.names.categories}');
/** Of the cluster's objects outside of the namespace, those that Skycap installs; without the definitions. */
const clusterObjects = async () => {
  const kinds = [
    ...['mutatingwebhookconfigurations', 'validatingwebhookconfigurations', 'validatingadmissionpolicies'],
    ...['validatingadmissionpolicybindings', 'clusterroles', 'clusterrolebindings'],
  ];
  const names = await kubectl('get', kinds.join(','), '-o', 'name');
  return names.split('\n').filter((name) => name.includes('/skycap'));
};

test('takes over what kubectl has installed', async () => {
  await upgrade(CHART);
  expect(await published()).toEqual(before);
}, 120_000);

test('`helm test` sees an address, and leaves nothing behind', async () => {
  const said = await inLab(['test', 'skycap', '--logs', '--timeout', '90s']);
  expect(said).toMatch(
    /address in the answer of the create call: 192\.0\.2\.254\n.*in the status of the Service: 192\.0/,
  );
  expect(await kubectl('get', 'eips,services', '-A', '-o', 'name')).not.toContain('skycap-test');
  await eventually(async () => !(await kubectl('get', 'clusterroles', '-o', 'name')).includes('skycap-test'), {
    what: 'the rights of the test gone',
    deadlineMs: 20_000,
  });
}, 120_000);

test('an upgrade brings a changed definition', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'skycap-chart-'));
  try {
    await cp(CHART, folder, { recursive: true, dereference: true });
    const file = join(folder, 'files/crds/eips.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('categories: [networking]', 'categories: [networking, later]'));
    await upgrade(folder);
    expect(await categories()).toContain('later');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);

test('uninstalled, it leaves definitions, claims and addresses, no webhook and no finalizer', async () => {
  const held = await kubectl('get', 'eipclaims', '-o', 'name');
  expect(await inLab(['uninstall', 'skycap', ...WAIT])).toContain(`[CustomResourceDefinition] ${EIPS_CRD}`);
  expect(await clusterObjects()).toEqual([]);
  expect(await kubectl('get', 'eipclaims', '-o', 'name')).toBe(held);
  const kinds = 'eips,bgppeers,bgpconfs,speakers,eipclaims,services';
  expect((await kubectl('get', kinds, '-A', '-o', 'jsonpath={.items[*].metadata.finalizers}')).trim()).toBe('');
  expect(await published()).toEqual(before);
  // Nobody is asked, so nobody stands in the way.
  await scene.createService('meanwhile');
}, 120_000);

test('installed again, each Service has its old address, and a later one another', async () => {
  await inLab(['install', 'skycap', CHART, '--values', VALUES, ...WAIT]);
  const addresses = await scene.published('meanwhile', 1, 60_000);
  expect(await published()).toEqual(before);
  expect(Object.values(before).flat()).not.toContain(addresses[0]);
  expect(await categories()).not.toContain('later');
}, 150_000);
